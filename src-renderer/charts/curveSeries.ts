import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import type { CurveRange } from '../../src-shared/api.ts';
import { movingAverage } from '../../src-shared/maths/movingAverage.ts';
import { csvCell } from '../../src-shared/textCell.ts';

export type CurveAxis = 'step' | 'epoch' | 'clock' | 'relative';

/** Whether a curve has a point for each step (`step/loss`), and not for each epoch. */
export const isStepCurve = (name: string): boolean => name.startsWith('step/');

const mostEpochSmoothing = 0.6;
/**
 * The weight a curve is smoothed by, given the weight the user chose. Epochs are few: a larger weight would hide them.
 * The learning rate is not measured but set: smoothing would show rates that no step had.
 */
export function smoothingOf(name: string, chosen: number): number {
  if (name.endsWith('learningRate')) return 0;
  return isStepCurve(name) ? chosen : Math.min(chosen, mostEpochSmoothing);
}

/** The x of each point of a curve: steps, epochs, milliseconds since 1970, or seconds since the curve's first point. */
export function axisValues(
  curve: Pick<Curve, 'steps' | 'epochs' | 'times'>,
  axis: CurveAxis,
  stepsPerEpoch: number | null,
): readonly number[] {
  switch (axis) {
    case 'step':
      return curve.steps;
    // The step points of one epoch would share one x: they are spread over the epoch.
    case 'epoch':
      return stepsPerEpoch === null ? curve.epochs : curve.steps.map((step) => step / stepsPerEpoch);
    case 'clock':
      return curve.times;
    case 'relative':
      return curve.times.map((time) => (time - (curve.times[0] ?? 0)) / 1000);
  }
}

/** All finite values of the series, in ascending order. */
const rising = (series: readonly (readonly (number | null)[])[]): Float64Array =>
  Float64Array.from(
    series.flatMap((values) => values.filter((value): value is number => value !== null && Number.isFinite(value))),
  ).sort();

/** The range of the values from the 1st to the 99th percentile, with a margin; null below 20 values. */
export function rangeWithoutOutliers(
  series: readonly (readonly (number | null)[])[],
): readonly [number, number] | null {
  const all = rising(series);
  if (all.length < 20) return null;
  const at = (share: number) => all[Math.round(share * (all.length - 1))] as number;
  const low = at(0.01);
  const high = at(0.99);
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - room, high + room];
}

/** The visible part of an axis as a range of the contract. Epochs are whole: their points are spread over them. */
export function rangeOf(axis: CurveAxis, [from, to]: AxisWindow): CurveRange {
  switch (axis) {
    case 'step':
      return { by: 'step', from, to };
    case 'epoch':
      return { by: 'epoch', from: Math.floor(from), to: Math.ceil(to) };
    case 'clock':
      return { by: 'time', from, to };
    case 'relative':
      return { by: 'elapsed', from: from * 1000, to: to * 1000 };
  }
}

/** Both ends of a part of an axis, in the axis's unit. */
export type AxisWindow = readonly [from: number, to: number];

/** A window with half its width added on each side, so that a short pan needs no new points. */
export const widened = ([from, to]: AxisWindow): AxisWindow => [from - (to - from) / 2, to + (to - from) / 2];

/** Whether the points fetched for one window do not cover another, or are too coarse for it. */
export const outgrown = ([from, to]: AxisWindow, fetched: AxisWindow): boolean =>
  from < fetched[0] || to > fetched[1] || (to - from) * 6 < fetched[1] - fetched[0];

/** A thinned curve in which the finer points of one part replace the coarse ones. */
export function withDetail(curve: Curve, detail: Curve | undefined): Curve {
  const first = detail?.steps[0];
  const last = detail?.steps.at(-1);
  if (!detail || first === undefined || last === undefined) return curve;
  const before = curve.steps.findIndex((step) => step >= first);
  const behind = curve.steps.findIndex((step) => step > last);
  const join = <T>(of: (curve: Curve) => readonly T[]): readonly T[] => [
    ...of(curve).slice(0, before === -1 ? curve.steps.length : before),
    ...of(detail),
    ...(behind === -1 ? [] : of(curve).slice(behind)),
  ];
  return {
    ...curve,
    steps: join((own) => own.steps),
    epochs: join((own) => own.epochs),
    times: join((own) => own.times),
    values: join((own) => own.values),
    ...(curve.smoothed && detail.smoothed ? { smoothed: join((own) => own.smoothed!) } : {}),
  };
}

const isWhole = ({ total, steps }: Curve): boolean => steps.length === total;

/** A curve's values smoothed by a weight. A thinned curve brings its average: it needs the points left out. */
export const smoothLine = (curve: Curve, weight: number): readonly (number | null)[] =>
  weight > 0 && !isWhole(curve) && curve.smoothed ? curve.smoothed : movingAverage(curve.values, weight);

/** The range of the values within a window, with a margin; null where no value lies in it. */
export function rangeWithin(
  lines: readonly { readonly x: readonly number[]; readonly y: readonly (number | null)[] }[],
  [from, to]: AxisWindow,
): readonly [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const { x, y } of lines) {
    x.forEach((at, index) => {
      const value = y[index] ?? null;
      if (at < from || at > to || value === null) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  if (low > high) return null;
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - room, high + room];
}

/**
 * The ends of a logarithmic axis for the positive values, from the 1st to the 99th percentile if asked. The ends are
 * whole decades; where the values span little, they have one digit. Null where no value is positive.
 */
export function logarithmicRange(
  series: readonly (readonly (number | null)[])[],
  withoutOutliers: boolean,
): readonly [number, number] | null {
  const positive = rising(series).filter((value) => value > 0);
  const cut = withoutOutliers && positive.length >= 20 ? 0.01 : 0;
  const at = (share: number) => positive[Math.round(share * (positive.length - 1))];
  const low = at(cut);
  const high = at(1 - cut);
  if (low === undefined || high === undefined) return null;
  const decade = (value: number) => 10 ** Math.floor(Math.log10(value));
  if (high / low >= 100) return [decade(low), decade(high) === high ? high : decade(high) * 10];
  const digit = (value: number, round: (value: number) => number) =>
    Number((round(value / decade(value)) * decade(value)).toPrecision(6));
  const first = digit(low, Math.floor);
  const last = digit(high, Math.ceil);
  return first < last ? [first, last] : [Number((first * 0.9).toPrecision(6)), Number((first * 1.1).toPrecision(6))];
}

/** The index of the entry nearest to a value, in an ascending list; -1 where the list is empty. */
export function nearestIndex(rising: readonly number[], value: number): number {
  if (rising.length === 0) return -1;
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! < value) low = middle + 1;
    else high = middle;
  }
  const belowIsNearer = low > 0 && value - rising[low - 1]! <= rising[low]! - value;
  return belowIsNearer ? low - 1 : low;
}

/** Curves as CSV, one row per point. */
export function curvesAsCsv(curves: readonly Curve[], nameOf: (run: string) => string): string {
  const rows = curves.flatMap((curve) =>
    curve.steps.map((step, index) =>
      [
        curve.run,
        csvCell(nameOf(curve.run)),
        csvCell(curve.name),
        step,
        curve.epochs[index],
        new Date(curve.times[index] ?? 0).toISOString(),
        curve.values[index] ?? '',
      ].join(','),
    ),
  );
  return ['run,arm,curve,step,epoch,time,value', ...rows, ''].join('\n');
}

/**
 * A curve with points added. Points of steps that the curve already has replace the old ones, and the smoothed values
 * continue with the same weight.
 */
export function appended(
  curve: Curve,
  points: readonly { readonly step: number; readonly epoch: number; readonly at: number; readonly value: number }[],
  smoothing = 0,
): Curve {
  const from = points[0]?.step ?? Number.POSITIVE_INFINITY;
  let keep = curve.steps.length;
  while (keep > 0 && (curve.steps[keep - 1] as number) >= from) keep--;
  const kept = curve.total - (curve.steps.length - keep);
  const smoothed = curve.smoothed?.slice(0, keep);
  return {
    run: curve.run,
    name: curve.name,
    total: kept + points.length,
    ...(smoothed
      ? {
          smoothed: [
            ...smoothed,
            ...movingAverage(
              points.map((point) => point.value),
              smoothing,
              { average: smoothed.at(-1) ?? null, count: kept },
            ),
          ],
        }
      : {}),
    steps: [...curve.steps.slice(0, keep), ...points.map((point) => point.step)],
    epochs: [...curve.epochs.slice(0, keep), ...points.map((point) => point.epoch)],
    times: [...curve.times.slice(0, keep), ...points.map((point) => point.at)],
    values: [...curve.values.slice(0, keep), ...points.map((point) => point.value)],
  };
}
