import type { Curve } from '../../src-shared/api.ts';

export type CurveAxis = 'step' | 'epoch' | 'clock' | 'relative';

/** The x of each point of a curve: steps, epochs, milliseconds since 1970, or seconds since the curve's first point. */
export function axisValues(curve: Pick<Curve, 'steps' | 'epochs' | 'times'>, axis: CurveAxis, stepsPerEpoch: number | null): readonly number[] {
  switch (axis) {
    case 'step': return curve.steps;
    // Step points of one epoch would lie on one another: they are spread over it.
    case 'epoch': return stepsPerEpoch === null ? curve.epochs : curve.steps.map((step) => step / stepsPerEpoch);
    case 'clock': return curve.times;
    case 'relative': return curve.times.map((time) => (time - (curve.times[0] ?? 0)) / 1000);
  }
}

/** Exponential moving average with its bias towards the first zero taken out, as TensorBoard smooths: weight 0 leaves the values as they are. Gaps stay gaps. */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let [average, correction] = [0, 1];
  return values.map((value) => {
    if (value === null) return null;
    average = average * weight + (1 - weight) * value;
    correction *= weight;
    return average / (1 - correction);
  });
}

/** The range of values without the lowest and the highest hundredth; null where there are too few to tell. */
export function rangeWithoutOutliers(series: readonly (readonly (number | null)[])[]): readonly [number, number] | null {
  const all = series.flat().filter((value): value is number => value !== null && Number.isFinite(value)).sort((a, b) => a - b);
  if (all.length < 20) return null;
  const at = (share: number) => all[Math.round(share * (all.length - 1))] as number;
  const [low, high] = [at(0.01), at(0.99)];
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - room, high + room];
}

/** Curves as CSV: one row a point. */
export function curvesAsCsv(curves: readonly Curve[], nameOf: (run: string) => string): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = curves.flatMap((curve) => curve.steps.map((step, index) => [curve.run, quoted(nameOf(curve.run)), quoted(curve.name), step, curve.epochs[index], new Date(curve.times[index] ?? 0).toISOString(), curve.values[index] ?? ''].join(',')));
  return ['run,arm,curve,step,epoch,time,value', ...rows, ''].join('\n');
}

/** A curve with points added; points of steps that are there already take their place. */
export function appended(curve: Curve, points: readonly { readonly step: number; readonly epoch: number; readonly at: number; readonly value: number }[]): Curve {
  const from = points[0]?.step ?? Number.POSITIVE_INFINITY;
  let keep = curve.steps.length;
  while (keep > 0 && (curve.steps[keep - 1] as number) >= from) keep--;
  return {
    run: curve.run, name: curve.name, total: curve.total + points.length - (curve.steps.length - keep),
    steps: [...curve.steps.slice(0, keep), ...points.map((point) => point.step)], epochs: [...curve.epochs.slice(0, keep), ...points.map((point) => point.epoch)],
    times: [...curve.times.slice(0, keep), ...points.map((point) => point.at)], values: [...curve.values.slice(0, keep), ...points.map((point) => point.value)],
  };
}
