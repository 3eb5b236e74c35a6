import type { Geometry, MarginFree, Rate } from '../../src-shared/evaluation.ts';
import { alignmentUniformity } from '../../src-shared/maths/alignmentUniformity.ts';
import { angleHistogram, degreesOf, histogram, type Spread } from '../../src-shared/maths/histogram.ts';
import { retrieval } from '../../src-shared/maths/retrieval.ts';
import { silhouette } from '../../src-shared/maths/silhouette.ts';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';
import { classSums, type ClassCentres } from './classCentres.ts';
import { centreAngles, isNearest, standings, type CentreStanding } from './compareWithCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

/** A share with its 95 % interval (Wilson). */
export const rateOf = (correct: number, total: number): Rate => ({
  correct,
  total,
  value: correct / total,
  ...wilsonInterval(correct, total),
});

export interface SpaceOptions {
  readonly size: number;
  readonly classes: number;
  /** The mean training embedding of each class, from `meanImages` pictures in all. */
  readonly means: ClassCentres;
  readonly meanImages: number;
  /** Trained class weights; null for a loss that has none. */
  readonly weights: ClassCentres | null;
  readonly marginRadians: number;
}

/**
 * Measures the embedding space of pictures of known classes: what allows two losses to be compared whatever their
 * margins, and the angles. Null without pictures.
 */
export function measureSpace(
  images: EmbeddedImages,
  options: SpaceOptions,
): { readonly marginFree: MarginFree; readonly geometry: Geometry } | null {
  const { size, classes, means, weights, marginRadians } = options;
  const toMeans = standings(images, means, size);
  const toWeights = weights && standings(images, weights, size);
  const meanAngles = centreAngles(toMeans, marginRadians);
  const norms = histogram({ low: 0, high: Math.max(1e-6, ...images.norms), bins: 50 });
  images.norms.forEach(norms.add);
  const normSpread = norms.result();
  if (!meanAngles || !normSpread) return null;

  const found = retrieval(images.labels);
  const spread = alignmentUniformity(images.labels);
  const within = angleHistogram();
  const between = angleHistogram();
  for (const { row, similarities } of similarityRows(images.units, images.units, size)) {
    found.add(row, similarities);
    spread.add(row, similarities);
    for (let other = row + 1; other < similarities.length; other++)
      (images.labels[other] === images.labels[row] ? within : between).add(degreesOf(similarities[other]!));
  }
  const { sums, counts } = classSums(images, { classes, size });
  const shape = silhouette(images.labels, counts);
  for (const { row, similarities } of similarityRows(images.units, sums, size)) shape.add(row, similarities);

  const nearest = (all: readonly CentreStanding[]) => rateOf(all.filter(isNearest).length, all.length);
  return {
    marginFree: {
      images: images.indexes.length,
      nearestCentre: nearest(toMeans),
      centreImages: options.meanImages,
      cosine: toWeights && nearest(toWeights),
      retrieval: found.result(),
      silhouette: shape.result(),
      ...spread.result(),
    },
    geometry: {
      marginRadians,
      within: within.result(),
      between: between.result(),
      toMeans: meanAngles,
      toWeights: toWeights && centreAngles(toWeights, marginRadians),
      betweenWeights: weights && anglesBetween(weights, size),
      norms: normSpread,
    },
  };
}

const mostCentres = 4096;

/** Angles between the centres of different classes. Where there are very many, every n-th centre is taken. */
function anglesBetween({ rows, subCenters }: ClassCentres, size: number): Spread | null {
  const count = rows.length / size;
  const step = Math.ceil(count / mostCentres);
  const taken = Array.from({ length: Math.ceil(count / step) }, (_, place) => place * step);
  const some = Float32Array.from(taken.flatMap((place) => [...rows.subarray(place * size, (place + 1) * size)]));
  const angles = angleHistogram();
  for (const { row, similarities } of similarityRows(some, some, size)) {
    for (let other = row + 1; other < similarities.length; other++)
      if (Math.floor(taken[row]! / subCenters) !== Math.floor(taken[other]! / subCenters))
        angles.add(degreesOf(similarities[other]!));
  }
  return angles.result();
}
