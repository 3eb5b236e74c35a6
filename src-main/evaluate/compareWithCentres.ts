import type { CentreAngles } from '../../src-shared/evaluation.ts';
import { angleHistogram, degreesOf } from '../../src-shared/maths/histogram.ts';
import type { ClassCentres } from './classCentres.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

/**
 * How a picture compares with the class centres: the angle to its own centre and to the nearest other one, in degrees,
 * and whose that is.
 */
export interface CentreStanding {
  readonly own: number;
  readonly nearestOther: number;
  readonly nearestClass: number;
}

/** Compares each embedded picture with the class centres. Of several centres of a class the nearest one counts. */
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
      else if (cosine > other) {
        other = cosine;
        nearestClass = of;
      }
    }
    found.push({ own: degreesOf(own), nearestOther: degreesOf(other), nearestClass });
  }
  return found;
}

/** Whether a picture's own centre is the nearest. A tie does not count. */
export const isNearest = ({ own, nearestOther }: CentreStanding): boolean => own < nearestOther;

/** Distributions of the angles, and the share of own angles beyond π - m. Null without pictures. */
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
