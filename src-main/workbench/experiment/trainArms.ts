import { adviceBeforeTraining, adviceSentence } from '../../../src-shared/advice.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { builtPairs, planOfArm, type ArmPlan } from '../../../src-shared/experiment.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { runTrainer } from '../../trainer/runTrainer.ts';
import type { LastMessage, TrainerTask } from '../../trainer/trainerMessages.ts';
import { decideRun, refuseInterrupted } from './decideRun.ts';
import { endRun } from './endRun.ts';
import { setFilesOf } from './gatherSets.ts';
import { weightFileOf } from './gatherWeights.ts';
import { planHash } from './planHash.ts';
import { plannedRuns, type PlannedRun } from './plannedRuns.ts';
import { recordMessage } from './recordMessage.ts';
import { sayOtherRuns } from './sayOtherRuns.ts';
import { splitFacts } from './splitFacts.ts';
import { pathFrom, type StageOptions } from './stage.ts';
import { startRun } from './startRun.ts';
import { whenFree } from './whenFree.ts';
import { trainInRounds } from './trainInRounds.ts';
import type { TrainingStage, TrainOptions } from './trainingStage.ts';

/**
 * Trains every arm with every seed, each in a process of its own, and keeps what they report in the store. Returns the
 * ids of the runs. Throws what ends a run.
 */
export async function trainArms(
  options: StageOptions,
  faces: TrainingStage['faces'],
  train: TrainOptions,
): Promise<readonly string[]> {
  const { store, plan, progress } = options;
  const stage: TrainingStage = { options, train, faces, planHash: planHash(plan), labels: trainLabels(faces) };
  store.savePlan(stage.planHash, plan);
  const runs = chosenRuns(stage);
  if (train.interrupted === 'resume') sayOtherRuns(options, stage.planHash, runs);
  if (train.interrupted === 'refuse') for (const run of runs) refuseInterrupted(options, train, run);
  if (runs.some((run) => store.run(run.id) === null)) sayAdvice(stage);
  const trainOne = (run: PlannedRun, untilEpoch: number | null) => trainOneRun(stage, run, untilEpoch);
  const halving = plan.sweep?.halving;
  if (halving) await trainInRounds({ store, plan, halving, progress }, runs, trainOne);
  else for (const run of runs) await trainOne(run, null);
  return runs.map((run) => run.id);
}

/** Trains and judges one run, up to an epoch where one is given, unless there is nothing left to do. */
async function trainOneRun(stage: TrainingStage, run: PlannedRun, untilEpoch: number | null): Promise<void> {
  const { options, train, planHash } = stage;
  const { store, plan, progress, signal, afterEpoch } = options;
  const decision = await decideRun(options, train, { run, untilEpoch });
  if (decision === 'skip') return;
  const armPlan = planOfArm(plan, plan.arms.find(({ name }) => name === run.arm) as ArmPlan);
  const isTrained = store.run(run.id)?.status === 'trained';
  if (decision === 'restart') await startRun(stage, run, armPlan);
  store.forgetResult(run.id, 'failure'); // of the attempt before this one
  store.updateRun(run.id, { status: 'running', message: null });
  options.onTraining?.(run.id);
  progress.stage(`${isTrained ? 'Evaluating' : 'Training'} ${run.arm}, seed ${run.seed} (run ${run.id})`);
  const recorded = { run, planHash, epochs: armPlan.training.epochs, untilEpoch };
  const last = await runTrainer(
    taskOf(stage, run, { armPlan, resume: decision === 'resume', untilEpoch: isTrained ? null : untilEpoch }),
    {
      signal,
      ...(afterEpoch ? { afterEpoch } : {}),
      onMessage: (message) => recordMessage(options, recorded, message),
    },
  );
  await whenFree(() => endRun(store, run.id, last), signal);
  throwUnlessDone(options, last);
}

/** What a trainer is asked to do. */
function taskOf(
  { options, train, faces, planHash }: TrainingStage,
  { id, arm, seed }: PlannedRun,
  { armPlan, ...task }: Pick<TrainerTask, 'resume' | 'untilEpoch'> & { readonly armPlan: TrainerTask['plan'] },
): TrainerTask {
  const { baseFolder, store } = options;
  const { pairs } = armPlan.evaluation;
  return {
    ...task,
    plan: armPlan,
    planHash,
    arm,
    seed,
    preparedFolder: faces.set.folder,
    classes: faces.split.classes,
    parts: faces.split.parts,
    weightFile: weightFileOf(armPlan.model, baseFolder),
    pairsFile: pairs === builtPairs ? null : pathFrom(baseFolder, pairs),
    setFiles: setFilesOf(armPlan, baseFolder),
    runFolder: workspaceFolders(store.workspace).run(id),
    compiled: train.compiled,
    evaluate: train.evaluate,
    engine: train.engine,
  };
}

/**
 * Throws what ends all runs: a stop, or a failure. A run that diverges in a sweep is a result, and the others go on.
 */
function throwUnlessDone({ plan, progress, rerunCommand }: StageOptions, last: LastMessage): void {
  if (last.kind === 'stopped')
    throw new ArcBenchError('cancelled', `Stopped and saved; \`${rerunCommand} --resume\` goes on from here.`);
  if (last.kind !== 'failed') return;
  if (last.code !== 'diverged' || !plan.sweep) throw new ArcBenchError(last.code, last.message);
  progress.notice(last.message);
}

/** The runs that are meant. Throws 'wrong-input' where there are none, or where they cannot be picked one by one. */
function chosenRuns({ options, train, faces }: TrainingStage): readonly PlannedRun[] {
  const { plan, rerunCommand } = options;
  if (train.only && plan.sweep?.halving)
    throw new ArcBenchError(
      'wrong-input',
      `The runs of a sweep with successive halving go on together, round by round: \`${rerunCommand} --resume\` ` +
        'goes on with all of them.',
    );
  const runs = plannedRuns(plan, faces.split).filter((run) => train.only?.(run) ?? true);
  if (runs.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `The experiment has no such run: its arms are ${plan.arms.map((arm) => arm.name).join(', ')} and its ` +
        `seeds ${plan.seeds.join(', ')}.`,
    );
  return runs;
}

function trainLabels({ set, split }: TrainingStage['faces']): Int32Array {
  const labelOf = new Map(split.classes.map((identity, label) => [identity, label]));
  return Int32Array.from(split.parts.train, (index) => labelOf.get(set.images[index]?.identity ?? '') ?? 0);
}

function sayAdvice({ options, faces }: TrainingStage): void {
  const texts = reportTexts('en');
  for (const advice of adviceBeforeTraining(options.plan, splitFacts(faces)))
    options.progress.notice(`Advice: ${adviceSentence(advice, texts)}`);
}
