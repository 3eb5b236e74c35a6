import { createHash } from 'node:crypto';
import { basename, dirname, join, relative, sep } from 'node:path';
import { isTrained } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { ArmPlan, Plan } from '../../../src-shared/experiment.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import { tuningTrials } from '../../../src-shared/tune.ts';
import { writeSynced, writeWholeFolder } from '../../files/writeWhole.ts';
import { rankChartName, rankReport, type RankedDataset, type RankSource } from '../../report/rankReport.ts';
import { reportMetrics } from '../../report/reportMetrics.ts';
import type { Store } from '../../store/store.ts';
import { planHash } from './planHash.ts';
import type { SplitFaces } from './splitFaces.ts';
import { gatherSplit, runExperiment } from './runExperiment.ts';
import type { StageOptions } from './stage.ts';
import type { TrainOptions } from './trainingStage.ts';

/** Losses without a head of classes have no accuracy of their own, so embeddings are ranked by retrieval. */
const rankedMetric = 'test.mapAtR';

export interface RealityCheck {
  readonly report: string;
  readonly lines: readonly string[];
  readonly reports: readonly string[];
}

/**
 * Runs one plan on each of several datasets, and ranks its arms over datasets and seeds (Musgrave et al. 2020, arXiv
 * 2003.08505: equal tuning budgets). Throws ArcBenchError.
 */
export async function checkReality(
  options: StageOptions,
  sources: readonly string[],
  train: Omit<TrainOptions, 'evaluate' | 'only'>,
): Promise<RealityCheck> {
  const { store, plan, progress } = options;
  refuseUnfair(plan);
  // All faces are looked at before the first training, which may take long.
  for (const source of sources) refuseUnrankable(source, await gatherSplit(withSource(options, source)));
  const folder = join(store.workspace, 'reports', `ranks-${nameOf(plan, sources)}`);
  const datasets: RankedDataset[] = [];
  const choices: Choice[] = [];
  const reports: string[] = [];
  for (const [place, source] of sources.entries()) {
    const { plan: own, ...rest } = withSource(options, source);
    progress.notice(`Dataset ${place + 1} of ${sources.length}: ${source}`);
    const { report, runs } = await runExperiment({ ...rest, plan: own }, train);
    reports.push(dirname(report));
    datasets.push({
      name: source === 'demo' ? 'demo' : basename(source),
      report: relative(folder, report).replaceAll(sep, '/'),
      blocks: blocksOf(store, own, runs),
    });
    choices.push(...choicesOf(store, own, runs));
  }
  const texts = reportTexts(plan.report.language);
  const ranked: RankSource = {
    title: plan.name,
    metric: texts.say('metric.mapAtR'),
    arms: plan.arms.map(({ name }) => name),
    tuning: {
      combinations: tuningTrials(plan).length / plan.arms.length,
      seeds: plan.tune?.seeds ?? 0,
      choices: choices.length,
      atEdge: choices.filter(({ isAtEdge }) => isAtEdge).length,
    },
    datasets,
    rerunCommand: options.rerunCommand,
  };
  const { markdown, chart, lines } = rankReport(ranked, texts);
  await writeWholeFolder(folder, async (temporary) => {
    await writeSynced(join(temporary, 'ranks.md'), markdown);
    await writeSynced(join(temporary, rankChartName), chart);
  });
  return { report: join(folder, 'ranks.md'), lines, reports };
}

const nameOf = (plan: Plan, sources: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([planHash(plan), sources]))
    .digest('hex')
    .slice(0, 12);

const withSource = (options: StageOptions, source: string): StageOptions => ({
  ...options,
  plan: { ...options.plan, data: { ...options.plan.data, source } },
});

/** Refuses faces on which MAP@R cannot be measured: nobody has two test pictures in some split. */
function refuseUnrankable(source: string, { set, split, splits }: SplitFaces): void {
  for (const { parts } of splits?.values() ?? [split]) {
    const people = parts.test.map((index) => set.images[index]?.identity);
    if (new Set(people).size === people.length)
      throw new ArcBenchError(
        'wrong-input',
        `Arms are ranked by MAP@R, which needs people with at least two test pictures, and ${source} has none: ` +
          'raise split.test, or use faces with more pictures of each person.',
      );
  }
}

/** Refuses a plan whose ranks would say little: untuned arms, or too few blocks. */
function refuseUnfair({ tune, stopping, sweep, seeds, arms }: Plan): void {
  if (!tune)
    throw new ArcBenchError(
      'wrong-input',
      'A reality check gives each arm the same tuning budget, but the experiment has no tune section: add one, such ' +
        'as `tune: { knobs: { training.learningRate: [0.01, 0.03, 0.1] } }`.',
    );
  if (stopping || sweep)
    throw new ArcBenchError(
      'wrong-input',
      `A reality check has the same runs for each arm: leave out ${stopping ? 'the stopping rule' : 'sweep'}.`,
    );
  const given = arms.find((arm) => !isTrained(arm));
  if (given)
    throw new ArcBenchError(
      'wrong-input',
      `Losses are ranked over seeds, and the arm ${given.name} is not trained: take it out of the experiment.`,
    );
  if (arms.length < 2 || seeds.length < 2)
    throw new ArcBenchError('wrong-input', 'Ranks need at least two arms and two seeds: add some to the experiment.');
}

interface Choice {
  readonly isAtEdge: boolean;
}

/** The numbers that val chose for each arm, and whether each is the lowest or the highest that was tried. */
function choicesOf(store: Store, plan: Plan, ids: readonly string[]): Choice[] {
  const trials = tuningTrials(plan);
  const tuned = new Map(ids.map((id) => [store.run(id)?.arm, store.result(id, 'tuned') as ArmPlan['settings'] | null]));
  return plan.arms.flatMap(({ name }) =>
    Object.keys(plan.tune?.knobs ?? {}).flatMap((knob): Choice[] => {
      const chosen = tuned.get(name)?.[knob];
      const tried = trials.map(({ settings }) => settings?.[knob]).filter((value) => typeof value === 'number');
      if (typeof chosen !== 'number') return [];
      return [{ isAtEdge: chosen === Math.min(...tried) || chosen === Math.max(...tried) }];
    }),
  );
}

/** What each arm reached with each seed. */
function blocksOf(store: Store, plan: Plan, ids: readonly string[]): RankedDataset['blocks'] {
  const judged = ids.flatMap((id) => {
    const row = store.run(id);
    const evaluation = (store.result(id, 'summary') as TrainedSummary | null)?.evaluation;
    return row && evaluation ? [{ row, evaluation }] : [];
  });
  const metric = reportMetrics(
    judged.map(({ evaluation }) => evaluation),
    reportTexts('en'),
    { hasGiven: false },
  ).find(({ key }) => key === rankedMetric);
  if (!metric)
    throw new ArcBenchError(
      'failed',
      'MAP@R could not be measured: it needs people with at least two test pictures. Raise split.test.',
    );
  return plan.seeds.map((seed) => ({
    seed,
    values: plan.arms.map(({ name }) => {
      const run = judged.find(({ row }) => row.arm === name && row.seed === seed);
      return run ? metric.read(run.evaluation) : null;
    }),
  }));
}
