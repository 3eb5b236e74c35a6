import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import {
  axisValues,
  isStepCurve,
  logarithmicRange,
  nearestIndex,
  rangeWithin,
  rangeWithoutOutliers,
  smoothingOf,
  smoothLine,
  type AxisWindow,
  type CurveAxis,
} from './curveSeries.ts';
import { meanCurve, spreadOf, type LineSpread, type SeedsDrawn } from './seedSpread.ts';

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
  /** How the seeds of an arm are drawn; absent until the user chooses. */
  readonly seeds?: SeedsDrawn;
}

/** One line of a chart: the curve of a run, or the mean of a group's curves with their band. */
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
  /** What the curves behind a mean span; null where the line is one curve. */
  readonly spread: LineSpread | null;
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
    const name = run.group ?? run.name;
    const smoothing = smoothingOf(first.name, settings.smoothing);
    const { curve, smoothed, spread } = drawnCurve(own, smoothing, settings.seeds);
    return {
      key,
      curve,
      x: placesOf(curve, settings.axis, run),
      smoothing,
      smoothed,
      spread,
      colour: colourOf(run.arm),
      name,
      armName: run.armName ?? name,
      label: withPart ? `${name}, ${curve.name.split('/')[0]}` : name,
      dashed: dashed.includes(curve.name),
    };
  });
}

/** One curve as it is; of several, their mean and what they span, each smoothed by itself. */
function drawnCurve(
  own: readonly Curve[],
  smoothing: number,
  seeds: SeedsDrawn = 'range',
): Pick<CurveLine, 'curve' | 'smoothed' | 'spread'> {
  const [first] = own as readonly [Curve];
  if (own.length === 1) return { curve: first, smoothed: smoothLine(first, smoothing), spread: null };
  const kind = seeds === 'lines' ? 'range' : seeds;
  const measured = spreadOf(own, kind, (curve) => curve.values);
  const smoothed = smoothing === 0 ? measured : spreadOf(own, kind, (curve) => smoothLine(curve, smoothing));
  return {
    curve: meanCurve(own, measured.mean),
    smoothed: smoothed.mean,
    spread: { kind, measured, smoothed },
  };
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
  const drawn = lines.flatMap(({ x, curve, smoothed, spread }) => [
    { x, y: smoothed },
    ...(isStepCurve(curve.name) ? [] : [{ x, y: curve.values }]),
    ...(spread === null ? [] : [spread.smoothed.low, spread.smoothed.high].map((y) => ({ x, y }))),
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
): { readonly place: number; readonly measured: number; readonly smoothed: number } | null {
  if (x.length === 0 || at < x[0]! || at > x.at(-1)!) return null;
  const place = nearestIndex(x, at);
  const measured = curve.values[place] ?? null;
  return measured === null ? null : { place, measured, smoothed: smoothed[place] ?? measured };
}
