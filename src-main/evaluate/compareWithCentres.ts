import type { CentreAngles } from '../../src-shared/evaluation.ts';
import { angleHistogram, degreesOf } from '../../src-shared/maths/histogram.ts';
import type { ClassCentres } from './classCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

/**
 * Where each picture stands to the centres: angles in degrees, the nearest other class, and whether its own is nearest
 * (a tie is not).
 */
export interface CentreStanding {
  readonly own: number;
  readonly nearestOther: number;
  readonly nearestClass: number;
}

/** The standing of each embedded picture among class centres; of several centres a class the nearest counts. */
export function standings(
  images: Pick<EmbeddedImages, 'units' | 'labels'>,
  centres: ClassCentres,
  size: number,
): CentreStanding[] {
  const found: CentreStanding[] = [];
  for (const { row, similarities } of similarityRows(images.units, centres.rows, size)) {
    const label = images.labels[row]!;
    let own = -2;
    let other = -2;
    let nearestClass = -1;
    for (let at = 0; at < similarities.length; at++) {
      const cosine = similarities[at]!;
      const of = Math.floor(at / centres.subCenters);
      if (of === label) own = Math.max(own, cosine);
      else if (cosine > other) [other, nearestClass] = [cosine, of];
    }
    found.push({ own: degreesOf(own), nearestOther: degreesOf(other), nearestClass });
  }
  return found;
}

export const isNearest = ({ own, nearestOther }: CentreStanding): boolean => own < nearestOther;

/** Distributions of the angles, and the share beyond π - m; null without pictures. */
export function centreAngles(found: readonly CentreStanding[], marginRadians: number): CentreAngles | null {
  const own = angleHistogram();
  const nearestOther = angleHistogram();
  for (const standing of found) {
    own.add(standing.own);
    nearestOther.add(standing.nearestOther);
  }
  const limit = 180 - (marginRadians * 180) / Math.PI;
  const ownSpread = own.result();
  const otherSpread = nearestOther.result();
  return (
    ownSpread &&
    otherSpread && {
      own: ownSpread,
      nearestOther: otherSpread,
      beyondMargin: found.filter((standing) => standing.own > limit).length / found.length,
    }
  );
}
