import type { Curve } from '../../src-shared/answers/runAnswers.ts';

/** How the seeds of an arm are drawn: a line each, or their mean with a band of what they span. */
export type SeedsDrawn = 'lines' | 'range' | 'deviation';

/** Several curves at the steps of the longest. Null where no curve has a value, and ends of a band need two of them. */
export interface SeedSpread {
  readonly mean: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** How many curves have a value there. */
  readonly counts: readonly number[];
}

/** The band of a mean: of the values that were measured, and of the smoothed lines, around which it is drawn. */
export interface LineSpread {
  readonly kind: Exclude<SeedsDrawn, 'lines'>;
  readonly measured: SeedSpread;
  readonly smoothed: SeedSpread;
}

/** The curve with the most points: its steps are those of the mean. */
const longestOf = (curves: readonly Curve[]): Curve =>
  curves.reduce((longest, curve) => (curve.steps.length > longest.steps.length ? curve : longest));

/** The mean of several curves as a curve: the steps and epochs of the longest, and the mean values. */
export function meanCurve(curves: readonly Curve[], mean: readonly (number | null)[]): Curve {
  const { smoothed: _, ...longest } = longestOf(curves);
  return { ...longest, run: curves[0]!.run, values: mean };
}

/**
 * Mean and band of several curves, at the steps of the curve with the most points. The other curves are interpolated
 * linearly; a curve that has not reached a step, or has a gap there, is left out of that step. The band goes from the
 * lowest to the highest value, or one sample standard deviation to both sides of the mean.
 */
export function spreadOf(
  curves: readonly Curve[],
  kind: LineSpread['kind'],
  valuesOf: (curve: Curve) => readonly (number | null)[],
): SeedSpread {
  const { steps } = longestOf(curves);
  const columns = curves.map((curve) => valuesAt(steps, curve.steps, valuesOf(curve)));
  const points = steps.map((_, index) =>
    spreadAt(
      columns.flatMap((column) => column[index] ?? []),
      kind,
    ),
  );
  return {
    mean: points.map(({ mean }) => mean),
    low: points.map(({ low }) => low),
    high: points.map(({ high }) => high),
    counts: points.map(({ count }) => count),
  };
}

function spreadAt(values: readonly number[], kind: LineSpread['kind']) {
  const count = values.length;
  if (count === 0) return { mean: null, low: null, high: null, count };
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, low: null, high: null, count };
  if (kind === 'range') return { mean, low: Math.min(...values), high: Math.max(...values), count };
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  return { mean, low: mean - deviation, high: mean + deviation, count };
}

/** The values of a curve at other steps, between its own in a straight line; null outside it and in gaps. */
function valuesAt(
  at: readonly number[],
  steps: readonly number[],
  own: readonly (number | null)[],
): readonly (number | null)[] {
  let place = 0;
  return at.map((step) => {
    while (place < steps.length - 1 && steps[place]! < step) place++;
    const right = steps[place];
    const high = own[place] ?? null;
    if (right === undefined || right < step || high === null) return null; // not there yet, or a gap
    if (right === step) return high;
    const left = steps[place - 1] ?? right;
    const low = own[place - 1] ?? null;
    return low === null || left > step ? null : low + ((high - low) * (step - left)) / (right - left);
  });
}

/** What the seeds span at a point: '80.0 % to 86.1 %, 5 seeds' or '± 2.1 %, 5 seeds'; null where there is no mean. */
export function spreadText(
  { kind, measured }: LineSpread,
  place: number,
  format: (value: number) => string,
): string | null {
  const mean = measured.mean[place] ?? null;
  const low = measured.low[place] ?? null;
  const high = measured.high[place] ?? null;
  if (mean === null) return null;
  if (low === null || high === null) return '1 seed';
  const band = kind === 'range' ? `${format(low)} to ${format(high)}` : `± ${format(high - mean)}`;
  return `${band}, ${measured.counts[place]} seeds`;
}

/** What a band is, for the legend. */
export const bandText = {
  range: 'mean, and the range from the lowest to the highest seed',
  deviation: 'mean ± standard deviation over seeds',
} satisfies Record<LineSpread['kind'], string>;
