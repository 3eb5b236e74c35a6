import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { formatMetric, formatNumber, formatPlural } from '../../components/format.ts';
import { dataName, groupRuns, type MetricKind, type RunGroup } from './runGroups.ts';

/** One column of a comparison: a run, or the runs of an arm with their means. */
export interface ComparedColumn {
  readonly key: string;
  readonly name: string;
  readonly arm: string;
  /** 'seed 3', or '5 seeds'. */
  readonly seeds: string;
  readonly experiment: string;
  readonly first: RunSummary;
  readonly metrics: RunGroup['metrics'];
}

/** What tells the arms of several experiments, or of one on several datasets, from one another; else nothing. */
function originNames(runs: readonly RunSummary[]): (run: RunSummary) => string {
  const plans = new Set(runs.map((run) => run.planHash)).size;
  const datasets = new Set(runs.map(dataName)).size;
  return (run) => `${plans > 1 ? `, ${run.experiment}` : ''}${datasets > 1 ? `, data ${dataName(run)}` : ''}`;
}

/** Names runs by arm and seed, and by their experiment or data where there are several. */
export function runNames(runs: readonly RunSummary[]): (run: RunSummary) => string {
  const originOf = originNames(runs);
  return (run) => `${run.arm}, seed ${run.seed}${originOf(run)}`;
}

/** The columns of a comparison: one for each run or, where seeds are grouped, one for each arm. */
export function comparedColumns(runs: readonly RunSummary[], grouped: boolean): readonly ComparedColumn[] {
  const nameOf = runNames(runs);
  if (!grouped)
    return runs.map((run) => ({
      key: run.id,
      name: nameOf(run),
      arm: run.arm,
      seeds: `seed ${run.seed}`,
      experiment: run.experiment,
      first: run,
      metrics: Object.fromEntries(
        Object.entries(run.metrics).map(([name, mean]) => [name, { mean, spread: null, count: 1 }]),
      ),
    }));
  const originOf = originNames(runs);
  return groupRuns(runs).map(({ key, runs: own, metrics }) => {
    const first = own[0]!;
    const { arm, experiment } = first;
    const seeds = formatPlural(own.length, ['seed', 'seeds']);
    return { key, name: `${arm}${originOf(first)}`, arm, seeds, experiment, first, metrics };
  });
}

/** A metric of a column: a value, or mean ± standard deviation over seeds; '—' where it has none. */
export function metricText(found: RunGroup['metrics'][string] | undefined, percent: boolean): string {
  if (found === undefined) return '—';
  const mean = formatMetric(found.mean, percent);
  if (found.spread === null) return mean;
  return `${mean} ± ${percent ? (found.spread * 100).toFixed(1) : formatNumber(found.spread, 2)}`;
}

/** Whether runs saw the same faces in the same parts: their best values may be compared only then. */
export function haveSameFaces(runs: readonly RunSummary[]): boolean {
  const facesOf = ({ data, knobs }: RunSummary): string =>
    JSON.stringify([
      data?.hash ?? null,
      Object.entries(knobs).filter(([knob]) => /^(data|prepare|split)\./.test(knob) && knob !== 'split.seed'),
    ]);
  return new Set(runs.map(facesOf)).size <= 1;
}

/** The best value of a metric among columns; null where it would say nothing. */
export function bestOf(columns: readonly ComparedColumn[], { name, better }: MetricKind): number | null {
  // A low training loss is no merit: losses of different arms are on different scales.
  if (name === 'train/loss') return null;
  const values = columns.flatMap(({ metrics }) => metrics[name]?.mean ?? []);
  if (new Set(values).size < 2) return null;
  return better === 'higher' ? Math.max(...values) : Math.min(...values);
}
