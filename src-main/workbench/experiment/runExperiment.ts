import { join } from 'node:path';
import { trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { builtPairs, planOfArm } from '../../../src-shared/experiment.ts';
import { fileSize } from '../../../src-shared/fileSize.ts';
import { refuseTooLarge } from '../../../src-shared/refuseTooLarge.ts';
import { refuseTraining } from '../../../src-shared/refuseTraining.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../../src-shared/splitNotes.ts';
import { trainingTimeSentence } from '../../../src-shared/trainingTime.ts';
import type { Dataset } from '../../data/dataset.ts';
import { heldOutPairs } from '../../data/pairs/heldOutPairs.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import { reportId, workspaceFolders } from '../../files/workspaceFolders.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { noValPairs } from '../../train/valPairs.ts';
import { writeReport } from '../../report/writeReport.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';
import { importFaces, prepareFaces } from './gatherFaces.ts';
import type { Split } from '../../split/makeSplit.ts';
import { checkGiven, checkGivenFaces, sayAlignments } from './gatherGiven.ts';
import { gatherWeights } from './gatherWeights.ts';
import { machineSpeed, type MachineSpeed } from '../estimate/machineSpeed.ts';
import { planHash } from './planHash.ts';
import { reportOf } from '../results/reportOf.ts';
import { refuseOtherPrecision } from './refuseOtherPrecision.ts';
import { countImported, refuseStart } from './refuseStart.ts';
import { checkSets } from './gatherSets.ts';
import { auditFaces, writeAuditedSplit, type AuditedSplit, type SplitFaces } from './splitFaces.ts';
import { valPairsOf } from './valPairsOf.ts';
import { splitFacts } from './splitFacts.ts';
import { pathFrom, type StageOptions } from './stage.ts';
import { startEstimator } from '../estimate/startEstimate.ts';
import { trainArms } from './trainArms.ts';
import type { TrainOptions } from './trainingStage.ts';
import { comparisonRuns } from './plannedRuns.ts';

/** Everything before training: import, prepare, split, audit and the split's folders. What is there already is used. */
export async function gatherSplit(options: StageOptions): Promise<SplitFaces> {
  const seen = new Set<string>();
  const alignments = await checkGiven(options);
  for (const arm of trainedArms(options.plan)) {
    const own = planOfArm(options.plan, arm);
    // throws for what cannot be built, before any work is done
    const network = buildNetwork(own.model, own.prepare.inputSize);
    const [refusal] = refuseTraining(arm.loss, own.training);
    if (refusal) throw new ArcBenchError('wrong-input', `The arm ${arm.name} cannot be trained: ${refusal.sentence}.`);
    const model = JSON.stringify(own.model);
    if (!seen.has(model)) await gatherWeights({ ...options, plan: own }, network);
    seen.add(model);
  }
  await checkSets(options);
  refuseStart(options, null);
  const dataset = await importFaces(options);
  if (!keepsParts(dataset, options.plan.split)) refuseEmptyShares(options.plan.split);
  refuseStart(options, countImported(options, dataset));
  const set = await prepareFaces(options, dataset);
  const audited = await auditFaces(options, set);
  sayHowSplit(options, audited.split);
  sayAlignments(options, alignments, set);
  await checkGivenFaces(options, { set, ...audited });
  refuseNoValPairs(options.plan, set, audited);
  refuseStart(options, countedFaces({ set, split: audited.split }));
  const { pairs } = options.plan.evaluation;
  // throws for a file that cannot be used, before any training
  if (pairs !== builtPairs) heldOutPairs(pathFrom(options, pairs), set.images, audited.split.classes);
  return { dataset, set, ...audited, ...(await writeAuditedSplit(options, set, audited)) };
}

function sayHowSplit({ progress }: StageOptions, { givenBy, notes }: Split): void {
  if (givenBy !== null) progress.notice(`The parts are given by ${givenBy}.`);
  for (const note of notes) progress.notice(splitNoteSentence(note, reportTexts('en')));
}

/** Throws 'wrong-input' where identification chooses the epoch and a split holds out too few people for val. */
function refuseNoValPairs(plan: StageOptions['plan'], set: PreparedSet, { split, splits }: AuditedSplit): void {
  if (plan.evaluation.select !== 'identification') return;
  for (const own of splits?.values() ?? [split])
    if (!valPairsOf(set, own, plan)?.pairs) throw new ArcBenchError('wrong-input', noValPairs);
}

const keepsParts = ({ images }: Dataset, { from }: StageOptions['plan']['split']): boolean =>
  from !== 'drawn' && images.some(({ part }) => part !== undefined);

/** Throws 'wrong-input' if the shares of a drawn split leave nothing to train on, or nothing to choose the epoch by. */
function refuseEmptyShares({ train, val }: StageOptions['plan']['split']): void {
  if (train > 0 && val > 0) return;
  throw new ArcBenchError(
    'wrong-input',
    `split.${train === 0 ? 'train' : 'val'} is 0, and ` +
      `${train === 0 ? 'there is nothing to train on' : 'the best epoch of a run is chosen by val'}: a share ` +
      'of the images above 0 was expected, such as 0.15 for val; give train and test the rest.',
  );
}

/** Writes the report of a plan's runs from the store; runs that are not done are named in it. */
export async function writeExperimentReport(options: StageOptions, faces: SplitFaces): Promise<string> {
  const { store, plan } = options;
  options.progress.stage('Writing the report');
  const hash = planHash(plan);
  const folder = workspaceFolders(store.workspace).report(reportId(hash, faces.set.hash));
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

const countedFaces = ({ set, split }: Pick<SplitFaces, 'set' | 'split'>) => ({
  from: 'prepared' as const,
  images: set.images.length,
  facts: splitFacts({ set, split }),
  prepared: set.hash,
});

/** Shows how long training will take. Measures the machine first where no run shows its speed. */
async function sayTrainingTime(
  { store, plan, progress }: StageOptions,
  faces: SplitFaces,
  engine: EngineName,
): Promise<void> {
  const estimated = (machine: MachineSpeed | null) => startEstimator(store, () => machine)(plan, countedFaces(faces));
  const known = estimated(null);
  if (known.runsDone === known.runs) return;
  const estimate = known.rate === null ? estimated(await machineSpeed(engine)) : known;
  progress.notice(trainingTimeSentence(estimate));
  const { memoryBytes, diskBytes, machine } = estimate;
  progress.notice(
    `Training needs about ${fileSize(memoryBytes)} of memory and ${fileSize(diskBytes)} of disk; this machine has ` +
      `${fileSize(machine.memoryBytes)}` +
      `${machine.freeDiskBytes === null ? '' : `, and ${fileSize(machine.freeDiskBytes)} are free`}.`,
  );
  const [refusal] = refuseTooLarge(estimate);
  if (refusal) throw new ArcBenchError(refusal.code, refusal.sentence);
}

/** Runs an experiment from faces to report. Throws ArcBenchError. */
export async function runExperiment(
  options: StageOptions,
  train: Omit<TrainOptions, 'evaluate' | 'only'>,
): Promise<{ readonly report: string; readonly runs: readonly string[] }> {
  if (options.store.runs(planHash(options.plan)).length === 0) refuseOtherPrecision(options.plan, train);
  const faces = await gatherSplit(options);
  await sayTrainingTime(options, faces, train.engine);
  const runs = await trainArms(options, faces, { ...train, evaluate: true });
  return { report: await writeExperimentReport(options, faces), runs };
}
