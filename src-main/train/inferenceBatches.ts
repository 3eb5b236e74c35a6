import type { PackedImages } from '../data/preparedSet.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';

/** Images by their positions in the packed file, each with its class. */
export interface LabelledImages {
  readonly indexes: readonly number[];
  readonly labels: Int32Array; // [images]
}

/** What inference says about one batch. Only the first `count` rows belong to images; the others are padding. */
export interface InferenceBatch {
  /** Position of the first row among the images. */
  readonly offset: number;
  readonly count: number;
  readonly pixels: Uint8Array; // [batchSize, size, size, 3], overwritten by the next batch
  readonly embeddings: Float32Array; // [batchSize, embeddingSize]
  readonly loss: Float32Array; // [batchSize]
  /** Of each label among the class scores, from 1. */
  readonly ranks: Float32Array; // [batchSize]
  /** The class with the largest score. Where the label only ties with other classes, one of those. */
  readonly predicted: Float32Array; // [batchSize]
}

/** Runs inference over images in their order. The last batch is filled up by repeating its last image. */
export function* inferenceBatches(
  machine: Machine,
  packed: PackedImages,
  { images, batchSize, size }: { readonly images: LabelledImages; readonly batchSize: number; readonly size: number },
): Generator<InferenceBatch> {
  const pixels = new Uint8Array(batchSize * size * size * 3);
  for (let offset = 0; offset < images.indexes.length; offset += batchSize) {
    const count = Math.min(batchSize, images.indexes.length - offset);
    const rows = Array.from({ length: batchSize }, (_, row) => offset + Math.min(row, count - 1));
    packed.readInto(
      rows.map((row) => images.indexes[row]!),
      pixels,
    );
    const output = machine.step('infer', {
      images: pixels,
      labels: Int32Array.from(rows, (row) => images.labels[row]!),
    });
    yield {
      offset,
      count,
      pixels,
      embeddings: output['embeddings']!,
      loss: output['loss']!,
      ranks: output['ranks']!,
      predicted: output['predicted']!,
    };
  }
}
