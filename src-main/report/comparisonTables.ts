import { bootstrapSeed } from '../../src-shared/comparison.ts';
import { bootstrapInterval } from '../../src-shared/maths/bootstrapInterval.ts';
import { csvCell } from '../../src-shared/textCell.ts';
import type { ReportContext } from './reportContext.ts';
import { judgedRuns } from './reportModel.ts';

function quoted(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  return csvCell(cell);
}
const csv = (rows: readonly (readonly (string | number | null)[])[]): string =>
  `${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`;

/** A line for each metric of each judged run. */
export const metricsCsv = ({ model, arms, metrics }: ReportContext): string =>
  csv([
    ['arm', 'seed', 'run', 'metric', 'value'],
    ...arms.flatMap((arm) =>
      judgedRuns(model, arm.name).flatMap((run) =>
        metrics.map((metric) => [arm.name, run.seed, run.id, metric.key, metric.read(run.summary.evaluation)]),
      ),
    ),
  ]);

/** The BCa interval of at least three pairs, given beside the interval that the verdict rests on. */
const bca = (differences: readonly number[]): readonly [number | null, number | null] => {
  const interval = differences.length < 3 ? null : bootstrapInterval(differences, { seed: bootstrapSeed });
  return [interval?.low ?? null, interval?.high ?? null];
};

/** A line for each comparison of two arms, with its tests. */
export const comparisonCsv = ({ comparison }: ReportContext): string =>
  csv([
    [
      'kind',
      'arm',
      'against',
      'metric',
      'primary',
      'pairs',
      'armMean',
      'againstMean',
      'difference',
      'spread',
      'low',
      'high',
      'intervalBy',
      'bcaLow',
      'bcaHigh',
      'effectSize',
      'signFlipP',
      'studentP',
      'decidedBy',
      'holmP',
      'verdict',
      'preliminary',
      'superiority',
      'superiorityLow',
      'superiorityHigh',
      'moreSeedsLow',
      'moreSeedsHigh',
    ],
    ...(['pairs', 'steps'] as const).flatMap((kind) =>
      comparison[kind].map((pair) => [
        kind === 'pairs' ? 'base' : 'step',
        pair.arm,
        pair.against,
        pair.metric.key,
        String(pair.metric.primary),
        pair.pairs,
        pair.armMean,
        pair.againstMean,
        pair.mean,
        pair.spread,
        pair.interval?.low ?? null,
        pair.interval?.high ?? null,
        pair.stopping === null ? 'student' : 'sequential',
        ...bca(pair.differences),
        pair.effectSize,
        pair.signFlipP,
        pair.studentP,
        pair.decidedBy,
        pair.adjustedP,
        pair.verdict,
        String(pair.preliminary),
        pair.superiority.share,
        pair.superiority.interval.low,
        pair.superiority.interval.high,
        pair.moreSeeds?.low ?? null,
        pair.moreSeeds?.high ?? null,
      ]),
    ),
  ]);

/** A line for each test picture that one of two compared arms gets right more often than the other. */
export const picturesCsv = ({ predictions, model: { test } }: ReportContext): string =>
  csv([
    ['arm', 'against', 'picture', 'person', 'seeds', 'armRight', 'againstRight', 'takenFor'],
    ...predictions.flatMap(({ arm, against, compared: { seeds, onlyFirst, onlySecond } }) =>
      [...onlySecond, ...onlyFirst].map((row) => [
        arm,
        against,
        test.files[row.image] ?? '',
        test.classes[row.label] ?? '',
        seeds.length,
        row.secondRight,
        row.firstRight,
        row.takenFor.map((label) => test.classes[label] ?? '').join('; '),
      ]),
    ),
  ]);

/** A line for each point of the curves. */
export const curvesCsv = ({ model }: ReportContext): string =>
  csv([
    ['arm', 'seed', 'metric', 'epoch', 'value'],
    ...model.runs.flatMap((run) =>
      Object.entries(run.curves).flatMap(([name, points]) =>
        points.map(({ epoch, value }) => [run.arm, run.seed, name, epoch, value]),
      ),
    ),
  ]);
