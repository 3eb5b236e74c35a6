import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { formatPlural } from '../../components/format.ts';

/** The runs of one arm of a plan: one per seed. */
export interface RunGroup {
  readonly key: string;
  readonly runs: readonly RunSummary[];
  /** Mean over the runs that have the metric, their number, and the sample standard deviation (null below two runs). */
  readonly metrics: Readonly<
    Record<string, { readonly mean: number; readonly spread: number | null; readonly count: number }>
  >;
}

/** What the runs of one arm share: the plan, the data and the arm. */
const armKey = ({ planHash, data, arm }: RunSummary): string => `${planHash} ${data?.hash ?? ''} ${arm}`;

/** Groups runs by plan, data and arm, in the order of their first runs. */
export function groupRuns(runs: readonly RunSummary[]): RunGroup[] {
  return [...groupBy(runs, armKey)].map(([key, members]) => {
    const names = new Set(members.flatMap((run) => Object.keys(run.metrics)));
    return {
      key,
      runs: members,
      metrics: Object.fromEntries(
        [...names].map((name) => {
          const values = members.flatMap((run) => run.metrics[name] ?? []);
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          const spread =
            values.length < 2
              ? null
              : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
          return [name, { mean, spread, count: values.length }];
        }),
      ),
    };
  });
}

export interface MetricKind {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly percent: boolean;
  readonly better: 'higher' | 'lower';
}

const known: readonly MetricKind[] = [
  {
    name: 'test/top1',
    title: 'Test top-1',
    help: 'Share of test pictures whose person is named right',
    percent: true,
    better: 'higher',
  },
  {
    name: 'test/top5',
    title: 'Test top-5',
    help: 'Share of test pictures whose person is among the first five',
    percent: true,
    better: 'higher',
  },
  {
    name: 'val/accuracy',
    title: 'Val top-1',
    help: 'Accuracy on val in the best epoch, which is the one that is tested',
    percent: true,
    better: 'higher',
  },
  {
    name: 'val/identification',
    title: 'Val TPR',
    help: 'Identification rate of the people held out for val, in the best epoch',
    percent: true,
    better: 'higher',
  },
  {
    name: 'verification/accuracy',
    title: 'Verification',
    help: '10-fold accuracy: same person or not',
    percent: true,
    better: 'higher',
  },
  { name: 'verification/AUC', title: 'AUC', help: 'Area under the verification ROC', percent: false, better: 'higher' },
  { name: 'verification/EER', title: 'EER', help: 'Equal error rate of verification', percent: true, better: 'lower' },
  {
    name: 'rank-1',
    title: 'Rank-1',
    help: 'Query people found first among all distractors',
    percent: true,
    better: 'higher',
  },
  {
    name: 'nearest centre',
    title: 'Nearest centre',
    help: 'Top-1 by the cosine to the class means, comparable between any losses',
    percent: true,
    better: 'higher',
  },
  {
    name: 'MAP@R',
    title: 'MAP@R',
    help: 'Mean average precision at R among test pictures',
    percent: true,
    better: 'higher',
  },
  {
    name: 'silhouette',
    title: 'Silhouette',
    help: 'How far apart the people stand in the embedding, -1 to 1',
    percent: false,
    better: 'higher',
  },
  {
    name: 'train/loss',
    title: 'Train loss',
    help: 'Mean over the best epoch on val; each loss has its own scale',
    percent: false,
    better: 'lower',
  },
];

const setPrefix = 'set ';
/** Accuracy on a verification set such as lfw.bin. */
const setKind = (name: string): MetricKind => ({
  name,
  title: name.slice(setPrefix.length),
  help: `10-fold accuracy on the pairs of ${name.slice(setPrefix.length)}.bin, as insightface evaluates it`,
  percent: true,
  better: 'higher',
});
/** Whether a metric is of a verification set that the experiment names. */
export const isSetMetric = (name: string): boolean => name.startsWith(setPrefix);

/** The metrics that runs have: the known ones first, then TPR at each FPR and the verification sets. */
export function metricKinds(runs: readonly RunSummary[]): readonly MetricKind[] {
  const names = new Set(runs.flatMap((run) => Object.keys(run.metrics)));
  const rates = [...names]
    .filter((name) => name.startsWith('TPR@FPR '))
    .sort((a, b) => Number(b.slice(8)) - Number(a.slice(8)))
    .map((name): MetricKind => ({
      name,
      title: name,
      help:
        `Share of pairs of one person above the threshold that lets ${Number(name.slice(8)) * 100} % of pairs ` +
        'of two people through',
      percent: true,
      better: 'higher',
    }));
  const present = known.filter((kind) => names.has(kind.name));
  const sets = [...names].filter((name) => name.startsWith(setPrefix)).map(setKind);
  return [...present.slice(0, 3), ...rates, ...sets, ...present.slice(3)];
}

/** The knobs in which runs differ, with one value per run. */
export function differingKnobs(
  runs: readonly RunSummary[],
): readonly { readonly knob: string; readonly values: readonly string[] }[] {
  const knobs = [...new Set(runs.flatMap((run) => Object.keys(run.knobs)))];
  return knobs
    .map((knob) => ({ knob, values: runs.map((run) => run.knobs[knob] ?? '—') }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** The runs of one arm of one experiment. */
export interface DoneArm {
  readonly key: string;
  readonly name: string;
  readonly runs: readonly RunSummary[];
}

/**
 * The arms of finished runs, in the order of their colours. Arms with the same name also name their experiment, or
 * their data where the experiment is the same.
 */
export function doneArms(runs: readonly RunSummary[], colourOf: (run: RunSummary) => number): readonly DoneArm[] {
  const found = [
    ...groupBy(
      runs.filter((run) => run.status === 'done'),
      armKey,
    ),
  ]
    .map(([key, own]) => ({ key, own, first: own[0]! }))
    .sort((a, b) => colourOf(a.first) - colourOf(b.first));
  return found.map(({ key, own, first }) => ({
    key,
    runs: own,
    name: distinctName(
      first,
      found.filter((other) => other.key !== key).map((other) => other.first),
    ),
  }));
}

function distinctName(run: RunSummary, others: readonly RunSummary[]): string {
  const namesakes = others.filter(({ arm }) => arm === run.arm);
  if (namesakes.length === 0) return run.arm;
  const ofPlan = namesakes.filter(({ planHash }) => planHash === run.planHash);
  if (ofPlan.length === 0) return `${run.arm}, ${run.experiment}`;
  const name = `${run.arm}, data ${dataName(run)}`;
  return ofPlan.length === namesakes.length ? name : `${name}, ${run.experiment}`;
}

/** The data that a run saw, as lists name them. */
export const dataName = ({ data }: RunSummary): string => data?.hash.slice(0, 8) ?? 'unknown';

/** The data that a run saw, with their numbers where these are known. */
export const dataInWords = (run: RunSummary): string =>
  run.data?.images == null || run.data.people === null
    ? dataName(run)
    : `${dataName(run)}: ${formatPlural(run.data.images, ['picture', 'pictures'])} of ` +
      formatPlural(run.data.people, ['person', 'people']);

const badge = 84; // pixels of the words 'not trained' beside the name

/**
 * The width in pixels of a column of arm names. It shows long names in full, within limits: those of a sweep differ at
 * their ends.
 */
export const armWidth = (runs: readonly RunSummary[]): number =>
  Math.min(
    310,
    Math.max(140, 44 + runs.reduce((most, { arm, given }) => Math.max(most, 7 * arm.length + (given ? badge : 0)), 0)),
  );
