import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { builtPairs, planOfArm } from '../../../src-shared/experiment.ts';
import { refuseTraining } from '../../../src-shared/refuseTraining.ts';
import { trainingTimeSentence } from '../../../src-shared/trainingTime.ts';
import { heldOutPairs } from '../../data/lfwPairs.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { writeReport } from '../../report/writeReport.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';
import { importFaces, prepareFaces } from './gatherFaces.ts';
import { gatherWeights } from './gatherWeights.ts';
import { machineSpeed, type MachineSpeed } from '../estimate/machineSpeed.ts';
import { planHash } from './planHash.ts';
import { reportOf } from '../results/reportOf.ts';
import { auditFaces, writeAuditedSplit, type SplitFaces } from './splitFaces.ts';
import { splitFacts } from './splitFacts.ts';
import { pathFrom, type StageOptions } from './stage.ts';
import { startEstimator } from '../estimate/startEstimate.ts';
import { comparisonRuns } from './plannedRuns.ts';
import { trainArms, type TrainOptions } from './trainArms.ts';

/**
 * Everything before training: import, prepare, split, audit and the split's folders. What is there already is taken as
 * it is.
 */
export async function gatherSplit(options: StageOptions): Promise<SplitFaces> {
  const { train, val } = options.plan.split;
  if (train === 0 || val === 0)
    throw new ArcBenchError(
      'wrong-input',
      `split.${train === 0 ? 'train' : 'val'} is 0, and ` +
        `${train === 0 ? 'there is nothing to train on' : 'the best epoch of a run is chosen by val'}: a share ` +
        'of the images above 0 was expected, such as 0.15 for val; give train and test the rest.',
    );
  const seen = new Set<string>();
  for (const arm of options.plan.arms) {
    const own = planOfArm(options.plan, arm);
    // refuses what cannot be built before any work is done
    const network = buildNetwork(own.model, own.prepare.inputSize);
    const [refusal] = refuseTraining(arm.loss, own.training);
    if (refusal) throw new ArcBenchError('wrong-input', `The arm ${arm.name} cannot be trained: ${refusal.sentence}.`);
    const model = JSON.stringify(own.model);
    if (!seen.has(model)) await gatherWeights({ ...options, plan: own }, network);
    seen.add(model);
  }
  const dataset = await importFaces(options);
  const set = await prepareFaces(options, dataset);
  const audited = auditFaces(options, set);
  const { pairs } = options.plan.evaluation;
  // refuses a file that cannot serve before any training
  if (pairs !== builtPairs) heldOutPairs(pathFrom(options.baseFolder, pairs), set.images, audited.split.classes);
  return { dataset, set, ...audited, ...(await writeAuditedSplit(options, set, audited)) };
}

/** Writes the report of a plan's runs from the store; runs that are not done are named in it. */
export async function writeExperimentReport(options: StageOptions, faces: SplitFaces): Promise<string> {
  const { store, plan } = options;
  options.progress.stage('Writing the report');
  const hash = planHash(plan);
  const folder = join(store.workspace, 'reports', hash.slice(0, 12));
  await writeReport(
    await reportOf(store, {
      plan,
      hash,
      faces,
      runs: comparisonRuns(store, plan, faces),
      rerunCommand: options.rerunCommand,
    }),
    folder,
  );
  return join(folder, 'report.md');
}

/** Says how long training will take; where no run tells the machine is measured first. */
async function sayTrainingTime(
  { store, plan, progress }: StageOptions,
  faces: SplitFaces,
  engine: EngineName,
): Promise<void> {
  const estimated = (machine: MachineSpeed | null) =>
    startEstimator(store, () => machine)(plan, { from: 'prepared', facts: splitFacts(faces) });
  const known = estimated(null);
  if (known.runsDone === known.runs) return;
  progress.notice(trainingTimeSentence(known.rate === null ? estimated(await machineSpeed(engine)) : known));
}

/** Runs an experiment from faces to report. Throws ArcBenchError. */
export async function runExperiment(
  options: StageOptions,
  train: Omit<TrainOptions, 'evaluate' | 'only'>,
): Promise<{ readonly report: string; readonly runs: readonly string[] }> {
  const faces = await gatherSplit(options);
  await sayTrainingTime(options, faces, train.engine);
  const runs = await trainArms(options, faces, { ...train, evaluate: true });
  return { report: await writeExperimentReport(options, faces), runs };
}
