import type { PackedImages } from '../data/preparedSet.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { inferenceBatches, type LabelledImages } from '../train/inferenceBatches.ts';

export interface EmbedOptions {
  readonly machine: Machine;
  readonly packed: PackedImages;
  readonly batchSize: number;
  readonly size: number;
  readonly embeddingSize: number;
  /** Whether the embedding is the sum of the original's and the mirrored picture's. */
  readonly flip: boolean;
}

export interface EmbeddedImages {
  readonly indexes: readonly number[];
  readonly labels: Int32Array;
  /** [images, embeddingSize], rows of unit length. */
  readonly units: Float32Array;
  /** Length of each original's embedding before normalisation. */
  readonly norms: Float32Array;
  /** Rank, from 1, of each label among the class scores. */
  readonly ranks: Int32Array;
  /** The class with the largest score. Where the label only ties with other classes, one of those. */
  readonly predicted: Int32Array;
}

/** Embeds pictures of a packed file, by whatever network: one that was trained here, or another. */
export type Embed = (images: LabelledImages) => EmbeddedImages | Promise<EmbeddedImages>;

/** Embeds labelled images, and ranks each label among the class scores. */
export function embedImages(
  { machine, packed, batchSize, size, embeddingSize, flip }: EmbedOptions,
  images: LabelledImages,
): EmbeddedImages {
  const count = images.indexes.length;
  const units = new Float32Array(count * embeddingSize);
  const norms = new Float32Array(count);
  const ranks = new Int32Array(count);
  const predicted = new Int32Array(count);
  for (const batch of inferenceBatches(machine, packed, { images, batchSize, size })) {
    const mirrored = flip ? machine.step('mirrored', { images: batch.pixels })['embeddings'] : undefined;
    for (let row = 0; row < batch.count; row++) {
      const at = batch.offset + row;
      ranks[at] = batch.ranks[row]!;
      predicted[at] = batch.predicted[row]!;
      const unit = units.subarray(at * embeddingSize, (at + 1) * embeddingSize);
      let squares = 0;
      let own = 0;
      for (let column = 0; column < embeddingSize; column++) {
        const original = batch.embeddings[row * embeddingSize + column] as number;
        unit[column] = original + (mirrored?.[row * embeddingSize + column] ?? 0);
        own += original ** 2;
        squares += (unit[column] as number) ** 2;
      }
      norms[at] = Math.sqrt(own);
      const norm = Math.sqrt(squares) || 1;
      for (let column = 0; column < embeddingSize; column++) unit[column] = (unit[column] as number) / norm;
    }
  }
  return { indexes: images.indexes, labels: images.labels, units, norms, ranks, predicted };
}

/** Some of the embedded images, by position. */
export function rowsOf(
  { indexes, labels, units, norms, ranks, predicted }: EmbeddedImages,
  positions: readonly number[],
): EmbeddedImages {
  const size = indexes.length === 0 ? 0 : units.length / indexes.length;
  const chosen = new Float32Array(positions.length * size);
  positions.forEach((from, to) => chosen.set(units.subarray(from * size, (from + 1) * size), to * size));
  const pick = (values: Int32Array) => Int32Array.from(positions, (position) => values[position] as number);
  return {
    indexes: positions.map((position) => indexes[position] as number),
    labels: pick(labels),
    units: chosen,
    norms: Float32Array.from(positions, (position) => norms[position] as number),
    ranks: pick(ranks),
    predicted: pick(predicted),
  };
}
