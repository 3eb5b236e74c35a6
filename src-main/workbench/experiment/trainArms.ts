import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { adviceBeforeTraining, adviceSentence } from '../../../src-shared/advice.ts';
import { builtPairs, type Plan } from '../../../src-shared/experiment.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { enginesThatDiffer } from '../../../src-shared/runEngine.ts';
import { warningSentence, type RunWarning } from '../../../src-shared/runWarning.ts';
import { hashFiles } from '../../files/hashFiles.ts';
import { makeFolder, refuseFixed } from '../../files/writeWhole.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import type { RunRow, Store } from '../../store/store.ts';
import { pointLogOf } from '../../train/pointLog.ts';
import type { EngineName } from '../../../src-shared/runEngine.ts';
import type { TrainerMessage } from '../../trainer/trainerMessages.ts';
import { drawsOf } from './drawsOf.ts';
import { weightFileOf } from './gatherWeights.ts';
import { enginesOf, keepEngine } from './enginesOf.ts';
import { endFormerTrainer } from '../../trainer/formerTrainer.ts';
import { judgedMetrics } from '../results/judgedMetrics.ts';
import { planHash } from './planHash.ts';
import { restorePoints } from './restorePoints.ts';
import { splitFacts } from './splitFacts.ts';
import { pathFrom, type StageOptions } from './stage.ts';
import { runTrainer } from '../../trainer/runTrainer.ts';
import { comparisonRuns, planOfRun, tuningRuns, type PlannedRun, type SplitsOfSeeds } from './plannedRuns.ts';
import { epochsDone, haltOf, isWaiting, trainInRounds } from './trainInRounds.ts';
import { tuningOutcomes } from './tuningOutcomes.ts';

export interface TrainOptions {
  /** What becomes of a run that ended half-way (cancelled, failed or killed): without a word, nothing. */
  readonly interrupted: 'refuse' | 'resume' | 'restart';
  readonly compiled: boolean;
  readonly engine: EngineName;
  /** Judge test, query and distractors after training. */
  readonly evaluate: boolean;
  /** The runs meant, where not all of the plan. */
  readonly only?: ((run: { readonly arm: string; readonly seed: number }) => boolean) | undefined;
}

export const runFolderOf = (store: Store, id: string): string => join(store.workspace, 'runs', id);
export const snapshotFolderOf = (store: Store, id: string): string => join(runFolderOf(store, id), 'snapshots');

/**
 * Trains every arm with every seed, each in a process of its own, and keeps what they report in the store: where the
 * plan tunes, its runs first. Throws what ends a run.
 */
export async function trainArms(
  options: StageOptions,
  faces: SplitsOfSeeds & { readonly set: PreparedSet },
  train: TrainOptions,
): Promise<readonly string[]> {
  const { store, plan, progress } = options;
  const { set } = faces;
  const hash = planHash(plan);
  const labelsOf = labelsBySplit(set);
  store.savePlan(hash, plan);
  const isMeant = (run: Pick<PlannedRun, 'arm' | 'seed'>): boolean => train.only?.(run) ?? true;
  const trials = tuningRuns(plan, faces).filter((run) => isMeant(run) || isWantedByTuned(plan, run, isMeant));
  refuseParts(options, train);
  // Values that are tried may be too bold: a run that diverges is a result then, and the others go on.
  const mayDiverge = plan.sweep !== undefined || plan.tune !== undefined;
  const isDiverged = (run: PlannedRun) =>
    mayDiverge &&
    train.interrupted !== 'restart' &&
    store.run(run.id)?.status === 'failed' &&
    store.result(run.id, 'failure') === 'diverged';
  const begin = (planned: readonly PlannedRun[]) => {
    if (train.interrupted === 'refuse')
      planned
        .filter((run) => !isDiverged(run) && haltOf(store, run.id) === null)
        .forEach((run) => refuseInterrupted(options, store.run(run.id)));
  };
  const known = comparisonRuns(store, plan, faces).filter(isMeant);
  begin([...trials, ...known]);
  if ([...trials, ...known].some((run) => store.run(run.id) === null)) {
    const texts = reportTexts('en');
    for (const advice of adviceBeforeTraining(plan, splitFacts(faces)))
      progress.notice(`Advice: ${adviceSentence(advice, texts)}`);
  }
  const trainOne = async (run: PlannedRun, untilEpoch: number | null): Promise<void> => {
    const { id, arm, seed, split } = run;
    const title = `${arm}, seed ${seed}`;
    const own = planOfRun(plan, run);
    const evaluate = train.evaluate && run.role === 'comparison';
    const { epochs } = own.training;
    const known = store.run(id);
    if (isDiverged(run)) {
      progress.notice(`${title}: diverged already (run ${id}).`);
      return;
    }
    if (
      haltOf(store, id) !== null ||
      (untilEpoch !== null && known !== null && isWaiting(plan, known) && epochsDone(store, id) >= untilEpoch)
    )
      return;
    if (known?.status === 'done' || (known?.status === 'trained' && !evaluate)) {
      progress.notice(`${title}: ${known.status} already (run ${id}).`);
      return;
    }
    await endFormerTrainer(runFolderOf(store, id)); // it may be writing what is read next
    const wouldGoOn =
      known !== null && (known.status === 'trained' || isWaiting(plan, known) || train.interrupted === 'resume');
    const goOn = wouldGoOn && restorePoints(store, { id, folder: runFolderOf(store, id) });
    if (wouldGoOn && !goOn)
      progress.notice(
        `${title}: the database has lost points of run ${id} from before its checkpoint, and ` +
          `${pointLogOf(runFolderOf(store, id))} does not hold them: it is trained again from the start.`,
      );
    if (!goOn) {
      refuseFixed(runFolderOf(store, id), `The files of run ${id} cannot be removed`);
      if (known) store.deleteRun(id); // so that the store never names what is gone
      rmSync(runFolderOf(store, id), { recursive: true, force: true });
      await makeFolder(runFolderOf(store, id)); // what was there is gone for good before the run is known again
      const draws = drawsOf(own, labelsOf(split), seed);
      store.atomically(() => {
        store.createRun({ id, experiment: plan.name, arm, seed, planHash: hash, splitHash: split.hash });
        store.saveResult(id, 'faces', { prepared: set.hash });
        store.saveResult(id, 'origin', { baseFolder: options.baseFolder, rerunCommand: options.rerunCommand });
        store.saveResult(id, 'draws', draws);
        if (plan.tune && run.role === 'comparison') store.saveResult(id, 'tuned', run.armPlan.settings ?? {});
      });
    }
    store.forgetResult(id, 'failure'); // of the attempt before this one
    store.updateRun(id, { status: 'running', message: null });
    options.onTraining?.(id);
    progress.stage(`${known?.status === 'trained' ? 'Evaluating' : 'Training'} ${title} (run ${id})`);
    const last = await runTrainer(
      {
        plan: own,
        planHash: hash,
        arm,
        seed,
        preparedFolder: set.folder,
        classes: split.classes,
        parts: split.parts,
        weightFile: weightFileOf(own.model, options.baseFolder),
        pairsFile: own.evaluation.pairs === builtPairs ? null : pathFrom(options.baseFolder, own.evaluation.pairs),
        runFolder: runFolderOf(store, id),
        resume: goOn,
        untilEpoch: known?.status === 'trained' ? null : untilEpoch,
        compiled: train.compiled,
        evaluate,
        engine: train.engine,
      },
      {
        signal: options.signal,
        ...(options.afterEpoch ? { afterEpoch: options.afterEpoch } : {}),
        onMessage(message) {
          switch (message.kind) {
            case 'started':
              store.updateRun(id, { initialWeightsHash: message.initialWeightsHash });
              keepEngine(store, id, message.engine);
              sayOtherEngines(options, hash, { id, arm, seed });
              break;
            case 'progress':
              progress.step({
                done: (message.epoch - 1) * message.total + message.done,
                total: Math.min(epochs, untilEpoch ?? epochs) * message.total,
                note: `epoch ${message.epoch}/${epochs}, ${message.imagesPerSecond.toFixed(0)} img/s`,
              });
              break;
            case 'points':
              store.addPoints(message.points.map((point) => ({ run: id, ...point })));
              break;
            case 'epoch': {
              const { epoch, points } = message.summary;
              progress.notice(
                `epoch ${epoch}/${epochs}  loss ${points['train/loss']?.toFixed(3)}  train ` +
                  `${percent(points['train/accuracy'])}  val ${percent(points['val/accuracy'])}  ` +
                  `${points['imagesPerSecond']?.toFixed(0)} img/s`,
              );
              break;
            }
            case 'snapshot':
              store.saveArtefact(id, { kind: 'snapshots', path: message.folder, sha256: null });
              break;
            case 'notice':
              keepOnce(store, id, message);
              progress.notice(message.message);
              break;
            case 'warning': {
              const event = warningEvent(message.warning);
              if (keepOnce(store, id, event)) progress.notice(`Warning: ${event.message}`);
              break;
            }
            case 'done':
            case 'failed':
            case 'stopped':
            case 'paused':
              break;
          }
        },
      },
    );
    await finish(store, id, last);
    if (last.kind === 'failed' && last.code === 'diverged' && mayDiverge) {
      progress.notice(last.message);
      return;
    }
    if (last.kind === 'failed') throw new ArcBenchError(last.code, last.message);
    if (last.kind === 'stopped')
      throw new ArcBenchError(
        'cancelled',
        `Stopped and saved; \`${options.rerunCommand} --resume\` goes on from here.`,
      );
  };
  for (const run of trials) await trainOne(run, null);
  if (plan.tune) sayChoices(options, tuningRuns(plan, faces));
  if (plan.sweep?.halving) {
    await trainInRounds({ store, plan, halving: plan.sweep.halving, progress }, known, trainOne);
    return known.map(({ id }) => id);
  }
  // A comparison that stops by itself has fewer runs once it is decided, so what is left is asked for each time.
  const done = new Set<string>();
  for (;;) {
    const planned = comparisonRuns(store, plan, faces).filter(isMeant);
    const next = planned.find(({ id }) => !done.has(id));
    if (!next) {
      if (planned.length === 0 && trials.length === 0) throw noSuchRuns(plan);
      if (plan.stopping && train.evaluate && !train.only) saySeeds(options, planned);
      return [...trials, ...planned].map(({ id }) => id);
    }
    begin([next]);
    await trainOne(next, null);
    done.add(next.id);
  }
}

/** The class of each training picture of a split. */
function labelsBySplit(set: PreparedSet): (split: PlannedRun['split']) => Int32Array {
  const known = new Map<string, Int32Array>();
  return (split) => {
    const label = new Map(split.classes.map((identity, index) => [identity, index]));
    const labels =
      known.get(split.hash) ??
      Int32Array.from(split.parts.train, (index) => label.get(set.images[index]?.identity ?? '') ?? 0);
    known.set(split.hash, labels);
    return labels;
  };
}

/** Whether a run of tuning is needed to choose for an arm whose own runs are meant. */
const isWantedByTuned = (
  { seeds }: Plan,
  { armPlan }: PlannedRun,
  isMeant: (run: { readonly arm: string; readonly seed: number }) => boolean,
): boolean => seeds.some((seed) => isMeant({ arm: armPlan.variantOf ?? armPlan.name, seed }));

/** Refuses to train a part of what only goes together. */
function refuseParts({ plan, rerunCommand }: StageOptions, { only, evaluate }: TrainOptions): void {
  if (only && plan.sweep?.halving)
    throw new ArcBenchError(
      'wrong-input',
      `The runs of a sweep with successive halving go on together, round by round: \`${rerunCommand} ` +
        '--resume` goes on with all of them.',
    );
  if (plan.stopping && !evaluate)
    throw new ArcBenchError(
      'wrong-input',
      'A comparison that stops by itself needs each run judged before the next one: run the whole experiment with ' +
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
function sayChoices({ store, progress }: StageOptions, runs: readonly PlannedRun[]): void {
  for (const { origin, trials, chosen } of tuningOutcomes(store, runs)) {
    const best = trials.find(({ arm }) => arm === chosen);
    if (best)
      progress.notice(
        `Tuning chose ${best.arm.name} of ${trials.length}: val ${percent(best.accuracy ?? 0)} on average.`,
      );
    else if (trials.every(({ divergedSeeds }) => divergedSeeds.length > 0))
      throw new ArcBenchError(
        'diverged',
        `Every combination that ${origin} tried in tuning diverged: add lower learning rates to tune.knobs.`,
      );
  }
}

function saySeeds({ plan, progress }: StageOptions, planned: readonly PlannedRun[]): void {
  const seeds = new Set(planned.map(({ seed }) => seed)).size;
  progress.notice(
    seeds < plan.seeds.length
      ? `Stopped after ${seeds} of at most ${plan.seeds.length} seeds: more would hardly change the verdict.`
      : `All ${seeds} seeds were needed.`,
  );
}

function refuseInterrupted({ store, plan, rerunCommand }: StageOptions, known: RunRow | null): void {
  if (
    !known ||
    known.status === 'trained' ||
    known.status === 'done' ||
    isWaiting(plan, known) ||
    !existsSync(join(runFolderOf(store, known.id), 'checkpoints', 'last'))
  )
    return;
  throw new ArcBenchError(
    'wrong-input',
    `${known.arm}, seed ${known.seed} (run ${known.id}) ended half-way (${known.status}): \`${rerunCommand} ` +
      '--resume` goes on with it, --restart begins it anew.',
  );
}

/**
 * Keeps what was not said yet, and tells whether: an epoch that is done again after a crash says the same again, and so
 * does a run that goes on.
 */
function keepOnce(store: Store, id: string, event: Parameters<Store['addEvent']>[1]): boolean {
  const isNew = !store.events(id).some(({ kind, message }) => kind === event.kind && message === event.message);
  if (isNew) store.addEvent(id, event);
  return isNew;
}

/**
 * Says of a run, once, that it or those it will be compared with were computed by different engines, which round
 * differently.
 */
function sayOtherEngines(
  { store, progress }: StageOptions,
  planHash: string,
  { id, arm, seed }: Pick<PlannedRun, 'id' | 'arm' | 'seed'>,
): void {
  const others = store
    .runs(planHash)
    .filter((run) => run.id !== id && (run.status === 'done' || run.status === 'trained'));
  const differ = enginesThatDiffer(
    [{ id, arm, seed }, ...others].map((run) => ({ run, engines: enginesOf(store, run.id) })),
    reportTexts('en'),
  );
  if (!differ) return;
  const event = warningEvent({
    key: 'warning.engines',
    values: {
      engines: [...differ].map(([words, [first]]) => `${words} (${first?.arm}, seed ${first?.seed})`).join('; '),
    },
  });
  if (keepOnce(store, id, event)) progress.notice(`Warning: ${event.message}`);
}

/** The log is English; the report writes the numbers in its own language. */
const warningEvent = (warning: RunWarning) => ({
  kind: 'warning',
  message: warningSentence(warning, reportTexts('en')),
  details: warning,
});

const percent = (value: number | undefined) => `${(100 * (value ?? 0)).toFixed(1)} %`;

/** Keeps how a run ended, as one write: a run that is killed meanwhile is judged again. */
async function finish(store: Store, id: string, last: TrainerMessage): Promise<void> {
  const { summary, predictions } = last.kind === 'done' ? last : { summary: null, predictions: null };
  const failure = last.kind === 'failed' ? last : null;
  const snapshots = existsSync(snapshotFolderOf(store, id)) ? { snapshots: snapshotFolderOf(store, id) } : {};
  const artefacts = await Promise.all(
    Object.entries(summary ? { ...summary.artefacts, ...snapshots } : {}).map(async ([kind, path]) => ({
      kind,
      path,
      sha256: await hashFiles(path),
    })),
  );
  store.atomically(() => {
    if (predictions) store.saveResult(id, 'predictions', predictions);
    if (summary) store.saveResult(id, 'summary', summary);
    if (summary?.evaluation) store.saveResult(id, 'judged', judgedMetrics(summary));
    for (const artefact of artefacts) store.saveArtefact(id, artefact);
    if (summary?.evaluation)
      store.addEvent(id, { kind: 'evaluated', message: 'Test, query and distractors were judged.' });
    const [alias, ...more] = summary?.evaluation?.aliases ?? [];
    if (alias) {
      const values = {
        first: alias.first.identity,
        firstPart: alias.first.part,
        second: alias.second.identity,
        secondPart: alias.second.part,
        cosine: alias.cosine,
        bar: alias.bar,
      };
      store.addEvent(
        id,
        warningEvent(
          more.length === 0
            ? { key: 'warning.alias', values }
            : { key: 'warning.aliases', values: { ...values, more: more.length } },
        ),
      );
    }
    if (failure) {
      store.addEvent(id, { kind: 'failure', message: failure.message, details: failure.told });
      store.saveResult(id, 'failure', failure.code);
    }
    const status = summary
      ? summary.evaluation
        ? 'done'
        : 'trained'
      : failure
        ? 'failed'
        : last.kind === 'paused'
          ? 'queued'
          : 'cancelled';
    store.updateRun(id, {
      status,
      finishedAt: status === 'queued' ? null : new Date().toISOString(),
      message: failure?.message ?? null,
    });
    if (summary) store.saveResult(id, 'digest', store.digest(id));
  });
}
