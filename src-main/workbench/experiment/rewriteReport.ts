import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readRunFaces } from './runFaces.ts';
import { noSuchRun } from './noSuchRun.ts';
import { gatherSplit, writeExperimentReport } from './runExperiment.ts';
import type { StageOptions } from './stage.ts';
import { storedFaces } from './storedFaces.ts';

/**
 * Writes the report on the data that a run saw once more, whatever the source holds now. Returns its path. Throws
 * 'wrong-input' if these data are gone.
 */
export async function rewriteReport(options: StageOptions, runId: string): Promise<string> {
  const run = options.store.run(runId);
  if (!run) throw noSuchRun(runId);
  const stored = await storedFaces(options, run);
  if (stored) return await writeExperimentReport(options, stored);
  const gathered = await gatherSplit(options);
  if (gathered.set.hash !== readRunFaces(options.store, runId)?.prepared)
    throw new ArcBenchError(
      'wrong-input',
      'The faces of this report are no longer in the workspace, and the source holds other ones: the report stays as ' +
        'it is; start the experiment again for a report on the faces as they are now.',
    );
  return await writeExperimentReport(options, gathered);
}
