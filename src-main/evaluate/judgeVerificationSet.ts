import { insightfaceAccuracy } from '../../src-shared/maths/insightfaceFolds.ts';
import type { SetVerification } from '../../src-shared/evaluation.ts';
import { decodeSetPictures } from '../data/verification/decodeSetPicture.ts';
import type { VerificationSet } from '../data/verification/verificationSet.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import type { LabelledImages } from '../train/inferenceBatches.ts';
import type { EmbeddedImages } from './embedImages.ts';
import { rateOf } from './measureSpace.ts';

const picturesAtOnce = 512; // 19 MB of pixels at 112 x 112

export interface SetJudge {
  readonly embeddingSize: number;
  /** Side of the pictures that the network takes, in pixels. */
  readonly size: number;
  /** Embeds pictures as the sum of the picture's and the mirrored picture's embedding. */
  readonly embedWithMirror: (packed: PackedImages, images: LabelledImages) => EmbeddedImages | Promise<EmbeddedImages>;
}

/**
 * Judges a network on a verification set, as insightface does: each embedding is the sum of the
 * picture's and the mirrored picture's. Throws 'wrong-input' where a picture cannot be decoded.
 */
export async function judgeVerificationSet(options: SetJudge, set: VerificationSet): Promise<SetVerification> {
  const { units, norm } = await embedSet(options, set);
  const { embeddingSize } = options;
  const distances = Float64Array.from(set.same, (_, pair) => squaredDistance(units, 2 * pair, embeddingSize));
  const { folds, mean, standardDeviation, acceptance } = insightfaceAccuracy({ distances, same: set.same });
  const genuine = set.same.reduce((sum, same) => sum + same, 0);
  return {
    name: set.name,
    genuine,
    impostors: set.same.length - genuine,
    accuracy: rateOf(
      folds.reduce((sum, fold) => sum + fold.correct, 0),
      set.same.length,
    ),
    mean,
    standardDeviation,
    folds,
    acceptance,
    norm,
  };
}

/** Unit embeddings of a set's pictures, some at a time, and the mean length of an embedding. */
async function embedSet(
  options: SetJudge,
  set: VerificationSet,
): Promise<{ readonly units: Float32Array; readonly norm: number }> {
  const { embeddingSize, size } = options;
  const units = new Float32Array(set.pictures.length * embeddingSize);
  const bytes = size * size * 3;
  let norms = 0;
  for (let first = 0; first < set.pictures.length; first += picturesAtOnce) {
    const count = Math.min(picturesAtOnce, set.pictures.length - first);
    const pixels = await decodeSetPictures(set, { first, count, side: size });
    const packed: PackedImages = {
      readInto(indexes, target) {
        Array.from(indexes).forEach((index, row) =>
          target.set(pixels.subarray(index * bytes, (index + 1) * bytes), row * bytes),
        );
      },
      close: () => undefined,
    };
    const indexes = Array.from({ length: count }, (_, index) => index);
    // These people have no class: their class scores are computed for class 0 and not read.
    const embedded = await options.embedWithMirror(packed, { indexes, labels: new Int32Array(count) });
    units.set(embedded.units, first * embeddingSize);
    norms += embedded.norms.reduce((sum, norm) => sum + norm, 0);
  }
  return { units, norm: norms / set.pictures.length };
}

/** The squared distance between a row and the next row. */
function squaredDistance(units: Float32Array, row: number, size: number): number {
  let sum = 0;
  for (let at = row * size; at < (row + 1) * size; at++) sum += (units[at]! - units[at + size]!) ** 2;
  return sum;
}
