import type { PackedImages } from '../data/preparedSet.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { inferenceBatches, type LabelledImages } from './inferenceBatches.ts';

export interface ValMeasures {
  /** Mean over the images, as the loss of inference. */
  readonly loss: number;
  /** Top-1, from 0 to 1. */
  readonly accuracy: number;
  /** Classes that are the best guess for no image. */
  readonly unusedCentres: number;
  /** Unit embeddings of the shown images, [shown, embeddingSize]. */
  readonly units: Float32Array;
}

/** Measures labelled images by the weights as they are. `shown` are the positions of images to embed, rising. */
export function measureVal(
  machine: Machine,
  packed: PackedImages,
  options: {
    readonly images: LabelledImages;
    readonly classes: number;
    readonly batchSize: number;
    readonly size: number;
    readonly shown: readonly number[];
  },
): ValMeasures {
  const { images, classes, batchSize, shown } = options;
  let loss = 0;
  let correct = 0;
  const used = new Set<number>();
  const embeddings: Float32Array[] = [];
  for (const batch of inferenceBatches(machine, packed, options)) {
    const width = batch.embeddings.length / batchSize;
    for (let row = 0; row < batch.count; row++) {
      const position = batch.offset + row;
      loss += batch.loss[row]!;
      if (batch.ranks[row] === 1) correct++;
      used.add(batch.predicted[row]!);
      if (shown[embeddings.length] === position)
        embeddings.push(batch.embeddings.subarray(row * width, (row + 1) * width));
    }
  }
  return {
    loss: loss / images.indexes.length,
    accuracy: correct / images.indexes.length,
    unusedCentres: classes - used.size,
    units: joinedUnits(embeddings),
  };
}

/** Rows scaled to unit length, one after the other. A row of zeros stays. */
function joinedUnits(rows: readonly Float32Array[]): Float32Array {
  const units = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  rows.forEach((row, at) => {
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    units.set(
      row.map((value) => value / length),
      at * row.length,
    );
  });
  return units;
}
