import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { checkSetPictures } from '../../data/verification/decodeSetPicture.ts';
import { readVerificationSet, verificationSetName } from '../../data/verification/verificationSet.ts';
import { pathFrom, type PathBase, type StageOptions } from './stage.ts';

/** The files of a plan's verification sets. */
export const setFilesOf = ({ evaluation }: Pick<Plan, 'evaluation'>, base: PathBase): readonly string[] =>
  evaluation.sets.map((file) => pathFrom(base, file));

/**
 * Reads the plan's verification sets and decodes each picture once, so that a broken set is refused before any
 * training. Throws ArcBenchError.
 */
export async function checkSets(options: StageOptions): Promise<void> {
  const { plan, progress, signal } = options;
  const files = setFilesOf(plan, options);
  refuseSameNames(files);
  for (const file of files) {
    progress.stage(`Checking the verification set ${verificationSetName(file)}`);
    await checkSetPictures(readVerificationSet(file), {
      side: plan.prepare.inputSize,
      signal,
      onProgress: (done, total) => progress.step({ done, total, note: 'pictures' }),
    });
  }
}

/** Results are named by the file, so that two sets of one name could not be told apart. */
function refuseSameNames(files: readonly string[]): void {
  const names = files.map(verificationSetName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `evaluation.sets names two files ${twice}.bin: each set needs a name of its own; rename one of them.`,
    );
}
