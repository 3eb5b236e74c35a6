import { compileMachine } from '../../engine/graph/compileProgram.ts';
import type { Program } from '../../engine/graph/program.ts';
import { tf, type Tensor } from '../../engine/tensorflow.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { forward } from '../../model/forward.ts';
import { parameterSpecs, type Network } from '../../model/network.ts';
import { readTorchWeights } from '../../model/weights/readTorchWeights.ts';
import { networkInput } from '../../train/augmentation.ts';
import type { EmbeddedModel } from './embedderMessages.ts';

const largeBatch = 16; // a single face has a program of its own, so that it need not wait for fifteen others

/** A trained network that embeds faces. */
export interface RunEmbedding {
  /** Unit embeddings [faces, embeddingSize] of RGB uint8 [faces, inputSize, inputSize, 3]. */
  embed(pixels: Uint8Array): Float32Array;
  dispose(): void;
}

/** Loads the network of a run as it was judged. Throws 'damaged' where its weights are not whole. */
export function loadRunEmbedding({ model, inputSize, weights, flip }: EmbeddedModel): RunEmbedding {
  const network = buildNetwork(model, inputSize);
  const parameters = readTorchWeights(weights, network);
  const state = new Map(
    parameterSpecs(network).map(({ name, shape }) => [name, { shape, values: parameters.get(name)! }]),
  );
  const machine = compileMachine(
    { one: embeddingProgram(network, 1, flip), many: embeddingProgram(network, largeBatch, flip) },
    state,
  );
  const faceBytes = inputSize * inputSize * 3;
  const size = network.embeddingSize;
  return {
    embed(pixels) {
      const faces = pixels.length / faceBytes;
      const batch = faces === 1 ? 1 : largeBatch;
      const units = new Float32Array(faces * size);
      const images = new Uint8Array(batch * faceBytes);
      for (let first = 0; first < faces; first += batch) {
        const count = Math.min(batch, faces - first);
        images.set(pixels.subarray(first * faceBytes, (first + count) * faceBytes));
        const { embeddings } = machine.step(batch === 1 ? 'one' : 'many', { images });
        units.set(embeddings!.subarray(0, count * size), first * size);
      }
      normaliseRows(units, size);
      return units;
    },
    dispose: () => machine.dispose(),
  };
}

/** Embeddings [batch, size] as the evaluation adds them up: the picture's, and with `flip` the mirrored picture's. */
function embeddingProgram(network: Network, batchSize: number, flip: boolean): Program {
  const { inputSize } = network;
  return {
    inputs: { images: { shape: [batchSize, inputSize, inputSize, 3], dtype: 'uint8' } },
    run({ images }, parameters) {
      const embed = (input: Tensor): Tensor =>
        forward(network, { parameters, input, training: false }).get(network.output)!;
      const input = networkInput(images!);
      const original = embed(input);
      const embeddings = flip ? tf.add(original, embed(tf.reverse(input, 2))) : original;
      return { outputs: { embeddings }, updates: new Map() };
    },
  };
}

function normaliseRows(rows: Float32Array, size: number): void {
  for (let start = 0; start < rows.length; start += size) {
    const row = rows.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value ** 2, 0)) || 1;
    for (let column = 0; column < size; column++) row[column] = row[column]! / length;
  }
}
