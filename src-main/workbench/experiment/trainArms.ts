import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { adviceBeforeTraining, adviceSentence } from '../../../src-shared/advice.ts';
import { isTrained as isTrainedArm } from '../../../src-shared/arms.ts';
import { ancestrySchema } from '../../../src-shared/ancestry.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { builtPairs, type Plan } from '../../../src-shared/experiment.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { valMeasureOf } from '../../../src-shared/valCurve.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { runTrainer } from '../../trainer/runTrainer.ts';
import type { LastMessage, TrainerTask } from '../../trainer/trainerMessages.ts';
import { decideRun, isJudged, mayDiverge, refuseInterrupted } from './decideRun.ts';
import { dropCheckpoints } from './dropCheckpoints.ts';
import { endRun } from './endRun.ts';
import { givenFilesOf } from './gatherGiven.ts';
import { setFilesOf } from './gatherSets.ts';
import { weightFileOf } from './gatherWeights.ts';
import { planHash } from './planHash.ts';
import { comparisonRuns, planOfRun, tuningRuns, type PlannedRun } from './plannedRuns.ts';
import { recordMessage } from './recordMessage.ts';
import { refuseOtherPrecision } from './refuseOtherPrecision.ts';
import { sayOtherRuns } from './sayOtherRuns.ts';
import { splitFacts } from './splitFacts.ts';
import { classesOfParent } from './parentRun.ts';
import { startOf, type RunStart } from './startOf.ts';
import { pathFrom, type StageOptions } from './stage.ts';
import { startRun } from './startRun.ts';
import type { SessionStatus } from '../results/tensorboard/eventRecords.ts';
import { followRun, type FollowedRun } from '../results/tensorboard/followRun.ts';
import { whenFree } from './whenFree.ts';
import { trainInRounds } from './trainInRounds.ts';
import type { TrainingStage, TrainOptions } from './trainingStage.ts';
import { tuningOutcomes } from './tuningOutcomes.ts';

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
  const stage: TrainingStage = { options, train, faces, planHash: planHash(plan), labelsOf: trainLabels(faces) };
  store.savePlan(stage.planHash, plan);
  refuseParts(stage);
  const trials = chosenTrials(stage);
  const known = chosenRuns(stage);
  const all = [...trials, ...known];
  if (train.interrupted === 'resume') sayOtherRuns(options, stage.planHash, all);
  if (train.interrupted === 'refuse') for (const run of all) refuseInterrupted(options, train, run);
  sayExtension(options, all);
  if (all.some((run) => store.run(run.id) === null)) {
    refuseOtherPrecision(plan, train);
    sayAdvice(stage);
  }
  const trainOne = (run: PlannedRun, untilEpoch: number | null) => trainOneRun(stage, run, untilEpoch);
  for (const run of trials) await trainOne(run, null);
  if (plan.tune) sayChoices(options, tuningRuns(plan, faces));
  const halving = plan.sweep?.halving;
  if (halving) await trainInRounds({ store, plan, halving, progress }, known, trainOne);
  else await trainUntilDecided(stage, trainOne);
  const planned = chosenRuns(stage);
  if (planned.length + trials.length === 0) throw noSuchRuns(plan);
  return [...trials, ...planned].map(({ id }) => id);
}

/**
 * Trains and judges one run whose place in the plan the caller knows, such as the task of a batch. Throws what ends it.
 */
export async function trainPlanned(
  options: StageOptions,
  { faces, train }: Pick<TrainingStage, 'faces' | 'train'>,
  run: PlannedRun,
): Promise<void> {
  const stage = { options, train, faces, planHash: planHash(options.plan), labelsOf: trainLabels(faces) };
  options.store.savePlan(stage.planHash, options.plan);
  await trainOneRun(stage, run, null);
}

/**
 * Trains the runs of the comparison. One that stops by itself has fewer once it is decided, so that they are asked for
 * after each run.
 */
async function trainUntilDecided(
  stage: TrainingStage,
  trainOne: (run: PlannedRun, untilEpoch: null) => Promise<void>,
): Promise<void> {
  const { options, train } = stage;
  const done = new Set<string>();
  let planned = chosenRuns(stage);
  for (let next = planned[0]; next; next = planned.find(({ id }) => !done.has(id))) {
    if (train.interrupted === 'refuse') refuseInterrupted(options, train, next);
    await trainOne(next, null);
    done.add(next.id);
    if (options.plan.stopping) planned = chosenRuns(stage);
  }
  if (options.plan.stopping && !train.only) saySeeds(options, planned);
}

/** Trains and judges one run, up to an epoch where one is given, unless there is nothing left to do. */
async function trainOneRun(stage: TrainingStage, run: PlannedRun, untilEpoch: number | null): Promise<void> {
  const { options, train, planHash } = stage;
  const { store, plan, progress, signal, afterEpoch } = options;
  const decision = await decideRun(options, train, { run, untilEpoch });
  if (decision === 'skip') return;
  const armPlan = planOfRun(plan, run);
  const isTrained = store.run(run.id)?.status === 'trained';
  if (!isTrained && isTrainedArm(run.armPlan)) refuseOtherPrecision({ ...armPlan, arms: [run.armPlan] }, train);
  if (decision === 'restart') await startRun(stage, run, armPlan);
  store.forgetResult(run.id, 'failure'); // of the attempt before this one
  store.updateRun(run.id, { status: 'running', message: null });
  options.onTraining?.(run.id);
  progress.stage(stageOf(run, isTrained));
  const followed =
    armPlan.training.tensorboard && !isTrained && isTrainedArm(run.armPlan) ? followedRun(options, run, armPlan) : null;
  const recorded = { run, planHash, epochs: armPlan.training.epochs, untilEpoch, followed };
  const last = await runTrainer(
    taskOf(stage, run, { armPlan, resume: decision === 'resume', untilEpoch: isTrained ? null : untilEpoch }),
    {
      signal,
      ...(afterEpoch ? { afterEpoch } : {}),
      onMessage: (message) => recordMessage(options, recorded, message),
    },
  );
  followed?.end(sessionStatusOf(last));
  await whenFree(() => endRun(store, run.id, last), signal);
  await dropCheckpoints(store, run);
  throwUnlessDone(options, last);
}

const stageOf = ({ id, arm, seed, armPlan }: PlannedRun, isTrained: boolean): string =>
  isTrainedArm(armPlan)
    ? `${isTrained ? 'Evaluating' : 'Training'} ${arm}, seed ${seed} (run ${id})`
    : `Evaluating ${arm}, which is not trained here (run ${id})`;

/** The event file of a run that trains. A fault of the file is said once, and training goes on. */
const followedRun = ({ store, progress }: StageOptions, { id, armPlan: arm }: PlannedRun, plan: Plan): FollowedRun =>
  followRun(store, { id, plan, arm, folder: workspaceFolders(store.workspace).run(id) }, (error) =>
    progress.notice(
      `The TensorBoard file of run ${id} cannot be written (${error instanceof Error ? error.message : 'unknown'}). ` +
        'Training goes on without it; export the run to get one.',
    ),
  );

/** What TensorBoard is told of how a run ended; null where it goes on later. */
function sessionStatusOf({ kind }: LastMessage): SessionStatus | null {
  if (kind === 'done') return 'succeeded';
  return kind === 'failed' ? 'failed' : null;
}

type AskedTask = Pick<TrainerTask, 'resume'> & { readonly armPlan: Plan };

/** What a trainer is asked to do. */
function taskOf(
  { options, train, faces, planHash }: TrainingStage,
  run: PlannedRun,
  { armPlan, ...task }: Pick<TrainerTask, 'resume' | 'untilEpoch'> & { readonly armPlan: TrainerTask['plan'] },
): TrainerTask {
  const { store, plan } = options;
  const { id, arm, seed, split } = run;
  const { pairs } = armPlan.evaluation;
  return {
    ...task,
    plan: armPlan,
    planHash,
    arm,
    seed,
    preparedFolder: faces.set.folder,
    classes: split.classes,
    parts: split.parts,
    weightFile: plan.extends ? null : weightFileOf(armPlan.model, options),
    parent: isTrainedArm(run.armPlan) ? taskParent(options, run, { armPlan, resume: task.resume }) : null,
    optimizerGoesOn: goesOn(store, id),
    pairsFile: pairs === builtPairs ? null : pathFrom(options, pairs),
    setFiles: setFilesOf(armPlan, options),
    given: givenFilesOf(run.armPlan, options),
    runFolder: workspaceFolders(store.workspace).run(id),
    compiled: train.compiled,
    evaluate: isJudged(train, run),
    engine: train.engine,
  };
}

/** The run that a run starts from, as its trainer needs it. One that has a checkpoint does without. */
function taskParent(options: StageOptions, run: PlannedRun, { armPlan, resume }: AskedTask): TrainerTask['parent'] {
  const start = startOrGone(options, run, { armPlan, resume });
  if (!start) return null;
  const { title, weights, head, sha256 } = start.parent;
  const sameClasses = JSON.stringify(classesOfParent(start.parent)) === JSON.stringify(run.split.classes);
  return { title, weights, head, sha256, sameClasses, checkpoint: start.checkpoint };
}

/** What a run starts from; null where that is gone but the run has a checkpoint of its own. */
function startOrGone(options: StageOptions, run: PlannedRun, { armPlan, resume }: AskedTask): RunStart | null {
  try {
    return startOf(options, armPlan, run);
  } catch (error) {
    const { checkpoints } = workspaceFolders(options.store.workspace).filesOfRun(run.id);
    if (resume && existsSync(join(checkpoints, 'last'))) return null;
    throw error;
  }
}

/** Whether an extended run goes on with the optimiser of its parent. */
const goesOn = (store: StageOptions['store'], id: string): boolean =>
  ancestrySchema.safeParse(store.result(id, 'ancestry')).data?.optimizer === 'continued';

/**
 * Throws what ends all runs: a stop, or a failure. A run that diverges where values are tried is a result, and the
 * others go on.
 */
function throwUnlessDone({ plan, progress, rerunCommand }: StageOptions, last: LastMessage): void {
  if (last.kind === 'stopped')
    throw new ArcBenchError('cancelled', `Stopped and saved; \`${rerunCommand} --resume\` goes on from here.`);
  if (last.kind !== 'failed') return;
  if (last.code !== 'diverged' || !mayDiverge(plan)) throw new ArcBenchError(last.code, last.message);
  progress.notice(last.message);
}

const isMeant = ({ train }: TrainingStage, run: { readonly arm: string; readonly seed: number }): boolean =>
  train.only?.(run) ?? true;

/** The runs of the comparison that are meant, as far as they are known. */
const chosenRuns = (stage: TrainingStage): PlannedRun[] =>
  comparisonRuns(stage.options.store, stage.options.plan, stage.faces).filter((run) => isMeant(stage, run));

/** The runs of tuning that are meant, or that are needed to choose for an arm whose own runs are meant. */
function chosenTrials(stage: TrainingStage): PlannedRun[] {
  const { plan } = stage.options;
  const isWanted = ({ armPlan }: PlannedRun) =>
    plan.seeds.some((seed) => isMeant(stage, { arm: armPlan.variantOf ?? armPlan.name, seed }));
  return tuningRuns(plan, stage.faces).filter((run) => isMeant(stage, run) || isWanted(run));
}

/** Refuses to train a part of what only goes together. */
function refuseParts({ options, train }: TrainingStage): void {
  const { plan, rerunCommand } = options;
  if (train.only && plan.sweep?.halving)
    throw new ArcBenchError(
      'wrong-input',
      `The runs of a sweep with successive halving go on together, round by round: \`${rerunCommand} --resume\` ` +
        'goes on with all of them.',
    );
  if (plan.stopping && !train.evaluate)
    throw new ArcBenchError(
      'wrong-input',
      'A comparison that stops by itself needs each run evaluated before the next one: run the whole experiment with ' +
        '`arcbench --run`, or leave out stopping.',
    );
}

const noSuchRuns = (plan: Plan) =>
  new ArcBenchError(
    'wrong-input',
    `The experiment has no such run: its arms are ${plan.arms.map((arm) => arm.name).join(', ')} and its ` +
      `seeds ${plan.seeds.join(', ')}.`,
  );

/** Says what val chose for each arm. Throws 'diverged' where every combination of an arm diverged. */
function sayChoices({ store, plan, progress }: StageOptions, runs: readonly PlannedRun[]): void {
  for (const { origin, trials, chosen } of tuningOutcomes(store, plan, runs)) {
    const best = trials.find(({ arm }) => arm === chosen);
    if (best) {
      const score = (100 * (best.score ?? 0)).toFixed(1);
      progress.notice(
        `Tuning chose ${best.arm.name} of ${trials.length}: ${valMeasureOf(plan)} ${score} % on average.`,
      );
    } else if (trials.every(({ divergedSeeds }) => divergedSeeds.length > 0))
      throw new ArcBenchError(
        'diverged',
        `Every combination that ${origin} tried in tuning diverged: add lower learning rates to tune.knobs.`,
      );
  }
}

/** Says how finished runs go on. Throws 'wrong-input' where one of them cannot, before any does. */
function sayExtension(options: StageOptions, runs: readonly PlannedRun[]): void {
  const { store, plan, progress } = options;
  const trained = runs.filter(({ armPlan }) => isTrainedArm(armPlan)); // others are judged once more
  const fresh = trained.filter(({ id }) => store.run(id) === null);
  if (!plan.extends || fresh.length === 0) return;
  const starts = fresh.map((run) => startOf(options, planOfRun(plan, run), run));
  const rates = new Set(
    fresh.map((run) => {
      const { learningRate, schedule } = planOfRun(plan, run).training;
      return `${learningRate} (${schedule.name})`;
    }),
  );
  const from = starts[0]?.optimizer === 'continued' ? "the optimiser's state" : 'the weights of the best epoch';
  progress.notice(
    `${trained.length} finished ${trained.length === 1 ? 'run goes' : 'runs go'} on for ` +
      `${plan.training.epochs} more ${plan.training.epochs === 1 ? 'epoch' : 'epochs'} ` +
      `from ${from}, at a learning rate of ${[...rates].join(', ')}.`,
  );
}

function saySeeds({ plan, progress }: StageOptions, planned: readonly PlannedRun[]): void {
  const seeds = new Set(planned.map(({ seed }) => seed)).size;
  progress.notice(
    seeds < plan.seeds.length
      ? `Stopped after ${seeds} of at most ${plan.seeds.length} seeds: more would hardly change the verdict.`
      : `All ${seeds} seeds were needed.`,
  );
}

/** The class of each training picture of a split. */
function trainLabels({ set }: TrainingStage['faces']): TrainingStage['labelsOf'] {
  const known = new Map<string, Int32Array>();
  return (split) => {
    const labelOf = new Map(split.classes.map((identity, label) => [identity, label]));
    const labels =
      known.get(split.hash) ??
      Int32Array.from(split.parts.train, (index) => labelOf.get(set.images[index]?.identity ?? '') ?? 0);
    known.set(split.hash, labels);
    return labels;
  };
}

function sayAdvice({ options, faces }: TrainingStage): void {
  const texts = reportTexts('en');
  // what photographs need is said when they are imported
  for (const advice of adviceBeforeTraining(options.plan, splitFacts({ set: faces.set, split: faces.split })))
    options.progress.notice(`Advice: ${adviceSentence(advice, texts)}`);
}
