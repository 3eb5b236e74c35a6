import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { PackedImages } from '../../data/preparedSet.ts';
import type { GivenNetwork } from '../../model/onnx/givenNetwork.ts';
import type { LabelledImages } from '../../train/inferenceBatches.ts';
import type { EmbeddedImages } from '../embedImages.ts';
import { withoutHead } from './withoutHead.ts';

const usualBatch = 32;
const errorsOnly = 3;

export interface SessionOptions {
  /** The file, for messages. */
  readonly path: string;
  readonly inputSize: number;
  /** Is called after each batch; throws to stop. */
  readonly onBatch: (pictures: number) => void;
}

/** A model of an ONNX file that embeds faces. */
export interface OnnxSession {
  readonly embeddingSize: number;
  /** With `flip`, the embedding of the mirrored picture is added. */
  embed(packed: PackedImages, images: LabelledImages, flip: boolean): Promise<EmbeddedImages>;
  close(): Promise<void>;
}

/** Opens a model with onnxruntime. Throws 'wrong-input' where it cannot run it, or gets no numbers out of it. */
export async function openOnnxSession(network: GivenNetwork, options: SessionOptions): Promise<OnnxSession> {
  const session = await refusing(options.path, () =>
    InferenceSession.create(network.bytes, { executionProviders: ['cpu'], logSeverityLevel: errorsOnly }),
  );
  const batch = network.batch ?? usualBatch;
  const { inputSize: side, path } = options;
  const input = new Float32Array(batch * 3 * side * side);
  const run = async (pixels: Uint8Array, mirrored: boolean): Promise<Float32Array> => {
    fillInput(input, pixels, { network, side, mirrored });
    const feeds = { [network.input]: new Tensor('float32', input, [batch, 3, side, side]) };
    const [output] = Object.values(await refusing(path, () => session.run(feeds)));
    if (output?.type !== 'float32' || output.dims[0] !== batch || output.size % batch !== 0)
      throw new ArcBenchError(
        'wrong-input',
        `${path} gives ${output?.type} [${output?.dims.join(', ')}] for ${batch} pictures, and float32 embeddings ` +
          'as [batch, numbers] were expected.',
      );
    return output.data as Float32Array;
  };
  const embeddingSize = (await run(new Uint8Array(batch * side * side * 3), false)).length / batch;
  return {
    embeddingSize,
    async embed(packed, { indexes, labels }, flip) {
      const rows = new Float32Array(indexes.length * embeddingSize);
      const norms = new Float32Array(indexes.length);
      const pixels = new Uint8Array(batch * side * side * 3);
      for (let first = 0; first < indexes.length; first += batch) {
        const own = indexes.slice(first, first + batch);
        packed.readInto(own, pixels);
        const plain = (await run(pixels, false)).slice();
        const mirrored = flip ? await run(pixels, true) : null;
        for (let at = 0; at < own.length * embeddingSize; at++)
          rows[first * embeddingSize + at] = plain[at]! + (mirrored?.[at] ?? 0);
        own.forEach((_, row) => {
          norms[first + row] = lengthOf(plain.subarray(row * embeddingSize, (row + 1) * embeddingSize));
        });
        refuseNoNumber(path, norms.subarray(first, first + own.length));
        options.onBatch(own.length);
      }
      return withoutHead({ indexes, labels, rows, norms, size: embeddingSize });
    },
    close: () => session.release(),
  };
}

/** RGB bytes [batch, side, side, 3] as the model takes them: [batch, 3, side, side]. */
function fillInput(
  target: Float32Array,
  pixels: Uint8Array,
  { network, side, mirrored }: { readonly network: GivenNetwork; readonly side: number; readonly mirrored: boolean },
): void {
  const { mean, deviation, colour } = network;
  const area = side * side;
  for (let place = 0; place < pixels.length / 3; place++) {
    const column = place % side;
    const picture = Math.floor(place / area);
    const row = Math.floor((place % area) / side);
    const at = picture * 3 * area + row * side + (mirrored ? side - 1 - column : column);
    for (let channel = 0; channel < 3; channel++)
      target[at + (colour === 'RGB' ? channel : 2 - channel) * area] =
        (pixels[3 * place + channel]! - mean) / deviation;
  }
}

const lengthOf = (row: Float32Array): number => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));

function refuseNoNumber(path: string, norms: Float32Array): void {
  if (norms.every((norm) => Number.isFinite(norm))) return;
  throw new ArcBenchError(
    'wrong-input',
    `${path} gives embeddings that are not all numbers (NaN or infinite): the model is broken, or takes other values ` +
      'than (x - 127.5) / 127.5; state input_mean and input_std in its metadata.',
  );
}

/** Runs what onnxruntime may refuse, and says its reason in one sentence. */
async function refusing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
    throw new ArcBenchError(
      'wrong-input',
      `${path} cannot be run by onnxruntime (${reason.replace(/[.:]$/, '')}): check the file with Python's onnx.`,
      { cause },
    );
  }
}
