import { existsSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { alignedPicture } from '../../data/alignedPicture.ts';
import { matchPairs, type FacePair } from '../../data/pairs/matchPairs.ts';
import { readPairsFile } from '../../data/pairs/pairsFile.ts';
import { openPackedImages, type PreparedSet } from '../../data/preparedSet.ts';
import { verificationFolds } from '../../data/verification/verificationSet.ts';
import { writeVerificationSet, type WrittenPair } from '../../data/verification/writeVerificationSet.ts';
import { refuseUnwritable, writingAt } from '../../files/newTarget.ts';
import { importFaces, prepareFaces } from '../experiment/gatherFaces.ts';
import { checkStop, type StageOptions } from '../experiment/stage.ts';

export interface PackedVerificationSet {
  readonly file: string;
  /** Pairs that the list gives, and those whose pictures are in the data, which were written. */
  readonly listed: number;
  readonly pairs: number;
  readonly genuine: number;
  readonly inputSize: number;
}

/**
 * Writes the pairs of a list as a verification set that insightface reads, from a plan's prepared faces, fold by fold.
 * Throws ArcBenchError.
 */
export async function packVerificationSet(
  options: StageOptions,
  { file, pairsFile }: { readonly file: string; readonly pairsFile: string },
): Promise<PackedVerificationSet> {
  if (existsSync(file))
    throw new ArcBenchError(
      'wrong-input',
      `${file} is there already: the name of a new file was expected; name another.`,
    );
  refuseUnwritable(file); // before any work is done, as is a list that cannot be read
  const listed = readPairsFile(pairsFile);
  const set = await prepareFaces(options, await importFaces(options));
  const pairs = matchPairs(listed, set.images.entries(), pairsFile).sort((a, b) => a.fold - b.fold);
  const genuine = pairs.filter((pair) => pair.same).length;
  if (pairs.length < verificationFolds || genuine === 0 || genuine === pairs.length)
    throw new ArcBenchError(
      'wrong-input',
      `Of the ${listed.length} pairs in ${pairsFile}, ${genuine} of one person and ${pairs.length - genuine} of two ` +
        `are in the data: both kinds, and ${verificationFolds} pairs in all, were expected; name the folder that the ` +
        'list is of.',
    );
  options.progress.stage(`Packing ${pairs.length} pairs`);
  await writingAt(file, () => writeVerificationSet(file, written(options, set, pairs)));
  return { file, listed: listed.length, pairs: pairs.length, genuine, inputSize: set.inputSize };
}

async function* written(
  options: StageOptions,
  set: PreparedSet,
  pairs: readonly FacePair[],
): AsyncGenerator<WrittenPair> {
  const packed = openPackedImages(set);
  try {
    for (const [done, { first, second, same }] of pairs.entries()) {
      if (done % 100 === 0) {
        checkStop(options);
        options.progress.step({ done, total: pairs.length, note: 'pairs' });
      }
      yield {
        first: await alignedPicture(set, packed, first),
        second: await alignedPicture(set, packed, second),
        same,
      };
    }
  } finally {
    packed.close();
  }
}
