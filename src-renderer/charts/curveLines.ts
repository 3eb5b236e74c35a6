import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import {
  axisValues,
  isStepCurve,
  logarithmicRange,
  meanCurve,
  nearestIndex,
  rangeWithin,
  rangeWithoutOutliers,
  smoothingOf,
  smoothLine,
  type AxisWindow,
  type CurveAxis,
} from './curveSeries.ts';

/** How a run is drawn. Runs that share a `group` are drawn as one line, their mean, under the group's name. */
export interface CurveRun {
  readonly id: string;
  readonly name: string;
  /** The arm's place in its experiment, which gives the colour. */
  readonly arm: number;
  readonly stepsPerEpoch: number | null;
  readonly group?: string | undefined;
  /** What its line is called at its end: the name of its arm. */
  readonly armName?: string | undefined;
}

export interface CurveSettings {
  readonly axis: CurveAxis;
  readonly smoothing: number;
  readonly logarithmic: boolean;
  readonly withoutOutliers: boolean;
  /** Whether seeds are drawn as their mean; absent until the user chooses. */
  readonly means?: boolean;
}

/** One line of a chart: the curve of a run, or the mean of a group's curves. */
export interface CurveLine {
  readonly key: string;
  readonly curve: Curve;
  readonly x: readonly number[];
  /** The weight of the smoothing; 0: the line shows what was measured. */
  readonly smoothing: number;
  readonly smoothed: readonly (number | null)[];
  readonly colour: string;
  /** Of the run or the group. */
  readonly name: string;
  /** `name`, and the curve's part (train, val) where the chart shows several. */
  readonly label: string;
  readonly dashed: boolean;
  /** Of its arm, which all its seeds share. */
  readonly armName: string;
}

/** The x of a curve's points. Step curves are spread over their epochs where the run says how long an epoch is. */
export const placesOf = (curve: Curve, axis: CurveAxis, run: CurveRun | undefined): readonly number[] =>
  axisValues(curve, axis, isStepCurve(curve.name) ? (run?.stepsPerEpoch ?? null) : null);

/** The lines of a chart. Every curve belongs to one of the runs. */
export function curveLines({
  curves,
  runs,
  settings,
  colourOf,
  dashed,
  withPart,
}: {
  readonly curves: readonly Curve[];
  readonly runs: ReadonlyMap<string, CurveRun>;
  readonly settings: CurveSettings;
  readonly colourOf: (arm: number) => string;
  /** Names of the curves that are drawn dashed. */
  readonly dashed: readonly string[];
  /** Whether labels name the curve's part. */
  readonly withPart: boolean;
}): readonly CurveLine[] {
  const groups = groupBy(curves, (curve) => `${curve.name} ${runs.get(curve.run)?.group ?? curve.run}`);
  return [...groups].map(([key, own]) => {
    const first = own[0]!;
    const run = runs.get(first.run)!;
    const curve = own.length === 1 ? first : meanCurve(own, run.id);
    const name = run.group ?? run.name;
    const smoothing = smoothingOf(curve.name, settings.smoothing);
    return {
      key,
      curve,
      x: placesOf(curve, settings.axis, run),
      smoothing,
      smoothed: smoothLine(curve, smoothing),
      colour: colourOf(run.arm),
      name,
      armName: run.armName ?? name,
      label: withPart ? `${name}, ${curve.name.split('/')[0]}` : name,
      dashed: dashed.includes(curve.name),
    };
  });
}

/** From the lowest to the highest x of curves; thinned curves keep both ends. Empty curves give no finite ends. */
export function axisExtent(places: readonly (readonly number[])[]): AxisWindow {
  const ends = places.flatMap((x) => (x.length === 0 ? [] : [x[0]!, x.at(-1)!]));
  return [Math.min(...ends), Math.max(...ends)];
}

/** The range of the y axis; null lets ECharts choose. Where the chart is zoomed, the visible values fill the height. */
export function valueRange(
  lines: readonly CurveLine[],
  visible: AxisWindow | null,
  { logarithmic, withoutOutliers }: CurveSettings,
): readonly [number, number] | null {
  // The measured values of epochs are few and all count. Those of steps may lie outside: the smoothed line is in sight.
  const drawn = lines.flatMap(({ x, curve, smoothed }) => [
    { x, y: smoothed },
    ...(isStepCurve(curve.name) ? [] : [{ x, y: curve.values }]),
  ]);
  const values = drawn.map(({ x, y }) =>
    visible === null ? y : y.filter((_, index) => x[index]! >= visible[0] && x[index]! <= visible[1]),
  );
  if (logarithmic) return logarithmicRange(values, withoutOutliers);
  const robust = withoutOutliers ? rangeWithoutOutliers(values) : null;
  return robust !== null || visible === null ? robust : rangeWithin(drawn, visible);
}

/** What was measured at the point nearest to `at`, and the line there; null outside the line and in a gap. */
export function valueAt(
  { x, curve, smoothed }: CurveLine,
  at: number,
): { readonly measured: number; readonly smoothed: number } | null {
  if (x.length === 0 || at < x[0]! || at > x.at(-1)!) return null;
  const place = nearestIndex(x, at);
  const measured = curve.values[place] ?? null;
  return measured === null ? null : { measured, smoothed: smoothed[place] ?? measured };
}
