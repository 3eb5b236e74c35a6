import { randomStream } from '../../src-shared/maths/random.ts';
import type { LabelledImages } from '../train/inferenceBatches.ts';
import type { EmbeddedImages } from './embedImages.ts';

/** Unit rows that pictures are compared with: one or more for each class. */
export interface ClassCentres {
  readonly rows: Float32Array; // [classes x subCenters, size]
  readonly subCenters: number;
}

/** Rows [rows, size] scaled to unit length. A row of zeros stays. */
export function normalised(rows: Float32Array, size: number): Float32Array {
  const units = rows.slice();
  for (let start = 0; start < units.length; start += size) {
    const row = units.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let at = 0; at < size; at++) row[at] = row[at]! / length;
  }
  return units;
}

/** The sum of each class's unit embeddings, [classes, size], and their number, [classes]. */
export function classSums(
  { units, labels }: Pick<EmbeddedImages, 'units' | 'labels'>,
  { classes, size }: { readonly classes: number; readonly size: number },
): { readonly sums: Float32Array; readonly counts: Int32Array } {
  const sums = new Float32Array(classes * size);
  const counts = new Int32Array(classes);
  labels.forEach((label, row) => {
    counts[label]!++;
    for (let at = 0; at < size; at++) sums[label * size + at]! += units[row * size + at]!;
  });
  return { sums, counts };
}

/** At most `perClass` images of each class and `total` in all, drawn by the seed; their order is kept. */
export function sampleOfClasses(
  images: LabelledImages,
  { perClass, total, seed }: { readonly perClass: number; readonly total: number; readonly seed: number },
): LabelledImages {
  const shuffled = randomStream(seed, 'sample').shuffle(Array.from(images.indexes.keys()));
  // Rounds over all classes: the first image of each class comes before the second of any.
  const rounds: number[][] = [];
  const taken = new Map<number, number>();
  for (const position of shuffled) {
    const label = images.labels[position]!;
    const round = taken.get(label) ?? 0;
    taken.set(label, round + 1);
    if (round < perClass) (rounds[round] ??= []).push(position);
  }
  const ordered = rounds
    .flat()
    .slice(0, total)
    .sort((a, b) => a - b);
  return {
    indexes: ordered.map((position) => images.indexes[position]!),
    labels: Int32Array.from(ordered, (position) => images.labels[position]!),
  };
}

const picturesOfCentre = 10; // of each class
const mostForCentres = 10_000; // pictures in all

/** The pictures of train that the class centres are made of: some of each class. */
export const picturesOfCentres = ({
  train,
  seed,
}: {
  readonly train: LabelledImages;
  readonly seed: number;
}): LabelledImages => sampleOfClasses(train, { perClass: picturesOfCentre, total: mostForCentres, seed });
