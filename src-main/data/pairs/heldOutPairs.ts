import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { PreparedImage } from '../preparedSet.ts';
import { matchPairs, type FacePair } from './matchPairs.ts';
import { readPairsFile } from './pairsFile.ts';

/**
 * The pairs of a list whose pictures are in the set and whose people are not trained on. Throws 'wrong-input' if too
 * few are left to verify with.
 */
export function heldOutPairs(
  path: string,
  images: readonly Pick<PreparedImage, 'path' | 'identity'>[],
  trained: readonly string[],
): { readonly listed: number; readonly pairs: readonly FacePair[] } {
  const listed = readPairsFile(path);
  const people = new Set(trained);
  const heldOut = [...images.entries()].filter(([, { identity }]) => !people.has(identity));
  const pairs = matchPairs(listed, heldOut, path);
  const hasBothKinds = pairs.some((pair) => pair.same) && pairs.some((pair) => !pair.same);
  if (!hasBothKinds || new Set(pairs.map((pair) => pair.fold)).size < 2)
    throw new ArcBenchError(
      'wrong-input',
      `Of the ${listed.length} pairs in ${path}, ${pairs.length} are of people who are in the data and not trained ` +
        'on: pairs of one person and of two people, in at least two folds, were expected; hold these people out with ' +
        'split.query, or raise split.minImages above the number of their pictures.',
    );
  return { listed: listed.length, pairs };
}
