import { ArcBenchError } from '../../../src-shared/errors.ts';
import { noParent } from '../../../src-shared/ancestry.ts';
import { planOfArm, splitSeedOf, type ArmPlan, type Plan } from '../../../src-shared/experiment.ts';
import { tuningTrials } from '../../../src-shared/tune.ts';
import { shellWord } from '../../../src-shared/shellWord.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { duplicatesOf } from '../../split/knownDuplicates.ts';
import { makeSplit } from '../../split/makeSplit.ts';
import { openStore } from '../../store/store.ts';
import type { StageOptions } from '../experiment/stage.ts';
import { trainPlanned } from '../experiment/trainArms.ts';
import type { TrainOptions } from '../experiment/trainingStage.ts';
import { arrayScriptOf, readBatch, type BatchRun, taskWorkspaceOf, workspaceOf } from './batchFile.ts';

export interface BatchTask extends Pick<StageOptions, 'progress' | 'signal'> {
  readonly folder: string;
  readonly number: number;
  readonly train: Pick<TrainOptions, 'compiled' | 'engine'>;
}

/**
 * Trains and judges one run of a submitted experiment in a workspace of its own, from its last checkpoint where it has
 * one. Throws ArcBenchError, 'cancelled' where it was stopped and saved.
 */
export async function runBatchTask({ folder, number, progress, signal, train }: BatchTask): Promise<{
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  readonly workspace: string;
}> {
  const batch = readBatch(folder);
  if (!batch) throw new ArcBenchError('wrong-input', `There is no batch in ${folder}: \`arcbench submit\` makes one.`);
  const run = batch.runs[number];
  if (!run)
    throw new ArcBenchError(
      'wrong-input',
      `The batch in ${folder} has no task ${number}: its tasks are 0 to ${batch.runs.length - 1}.`,
    );
  const set = openPreparedSet(workspaceFolders(workspaceOf(folder)).preparedSet(batch.prepared));
  const { plan } = batch;
  const seed = splitSeedOf(plan.split, run.seed);
  const split = makeSplit(set, { ...plan.split, seed }, await duplicatesOf(set, { signal }));
  if (split.hash !== (run.splitHash ?? batch.splitHash))
    throw new ArcBenchError(
      'damaged',
      `The prepared faces in ${set.folder} are not the ones that the batch was submitted with: submit the ` +
        'experiment again.',
    );
  const workspace = taskWorkspaceOf(folder, number);
  const store = openStore(workspace);
  // the runs that others start from are in the workspace that the batch was submitted from
  const parentsIn = startsFromRuns(plan) ? openStore(workspaceOf(folder), { readOnly: true }) : null;
  try {
    // the folders of the split are in the workspace that the run is joined to
    store.saveSplit({ hash: split.hash, seed: split.seed, rule: split.rule, folder: '', manifestHash: '', audit: [] });
    await trainPlanned(
      {
        store,
        plan,
        baseFolder: batch.baseFolder,
        rerunCommand: batch.rerunCommand,
        progress,
        signal,
        ...(parentsIn && { parentsIn }),
      },
      {
        faces: { set, split, dataset: batch.dataset === undefined ? undefined : { hash: batch.dataset } },
        train: { ...train, interrupted: 'resume', evaluate: true },
      },
      { id: run.id, arm: run.arm, seed: run.seed, role: run.role, armPlan: armOf(plan, run), split },
    );
    return { id: run.id, arm: run.arm, seed: run.seed, workspace };
  } catch (error) {
    if (!(error instanceof ArcBenchError) || error.code !== 'cancelled') throw error;
    throw new ArcBenchError(
      'cancelled',
      'Stopped and saved; the task goes on from here when Slurm queues it again, or with `sbatch ' +
        `--array=${number} ${shellWord(arrayScriptOf(folder))}\`.`,
      { cause: error },
    );
  } finally {
    parentsIn?.close();
    store.close();
  }
}

const startsFromRuns = (plan: Plan): boolean =>
  [...plan.arms, ...tuningTrials(plan)].some((arm) => planOfArm(plan, arm).model.from !== noParent);

/** The arm as a run trains it: a combination of tuning, or an arm of the plan with what tuning chose. */
function armOf(plan: Plan, { arm: name, role, settings }: BatchRun): ArmPlan {
  const arm = (role === 'tuning' ? tuningTrials(plan) : plan.arms).find((own) => own.name === name);
  if (!arm)
    throw new ArcBenchError('damaged', `The batch names the arm ${name}, which its plan has not: submit again.`);
  return settings ? { ...arm, settings } : arm;
}
