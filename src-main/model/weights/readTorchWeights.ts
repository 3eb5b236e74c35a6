import { readFileSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { parameterSpecs, type Network } from '../network.ts';
import { readSafetensors } from './safetensors.ts';
import { fromTorch, torchShape } from './torchLayout.ts';
import { readFault } from '../../files/readFault.ts';

/**
 * A network's parameters, the embedding layer's included, from a file of `writeTorchWeights`, in our layout. Throws
 * 'damaged' where the file is not whole or belongs to another network.
 */
export function readTorchWeights(path: string, network: Network): Map<string, Float32Array> {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError('damaged', `The weights ${path} cannot be used: ${what}. Train the run again.`, { cause });
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readFault(cause, path) ?? damaged('the file is gone', cause);
  }
  const tensors = readSafetensors(bytes, damaged);
  return new Map(
    parameterSpecs(network).map((spec) => {
      const tensor = tensors.get(spec.name);
      if (!tensor) throw damaged(`it lacks ${spec.name}`);
      const shape = torchShape(network, spec);
      if (tensor.shape.join() !== shape.join())
        throw damaged(`${spec.name} has the shape [${tensor.shape.join(', ')}] instead of [${shape.join(', ')}]`);
      return [spec.name, fromTorch(network, spec, tensor.values())];
    }),
  );
}
