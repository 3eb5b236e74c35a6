import { createHash } from 'node:crypto';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { parameterSpecs, type Network } from './network.ts';

/** The initial parameters of a network. Each name has a random stream of its own. */
export function initialParameters(network: Network, seed: number): Map<string, Float32Array> {
  return new Map(
    parameterSpecs(network).map(({ name, shape, initial }) => {
      const values = new Float32Array(elementCount(shape));
      const random = randomStream(seed, 'weights', name);
      switch (initial.kind) {
        case 'constant':
          values.fill(initial.value);
          break;
        case 'normal':
          for (let index = 0; index < values.length; index++)
            values[index] = random.normal() * initial.standardDeviation;
          break;
        case 'uniform':
          for (let index = 0; index < values.length; index++) values[index] = (2 * random.next() - 1) * initial.limit;
          break;
      }
      return [name, values];
    }),
  );
}

/** SHA-256 over names and bytes, in hexadecimal. Arms that start from the same backbone have the same hash. */
export function parametersHash(parameters: ReadonlyMap<string, Float32Array>): string {
  const hash = createHash('sha256');
  for (const [name, values] of parameters)
    hash
      .update(name)
      .update('\0')
      .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest('hex');
}
