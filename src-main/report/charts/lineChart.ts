import { chartFrame, colours, inTwoLines, niceTicks, place, shorten, spreadLabels, text } from './chartFrame.ts';
import type { BandPoint } from './seedBand.ts';

export interface ChartSeries {
  readonly name: string;
  readonly colour: number;
  readonly dashed?: boolean;
  /** Drawn thin and grey, without a label. */
  readonly quiet?: boolean;
  readonly points: readonly BandPoint[];
}
export interface LineChartOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly logarithmic?: boolean;
  readonly xTicks?: readonly number[];
  readonly percent?: boolean;
  readonly series: readonly ChartSeries[];
  readonly write: (value: number) => string;
}

const width = 720;
const height = 380;
const left = 62;
const right = 190;
const top = 56;
const bottom = 46;
const longestLabel = 28;
const labelHeight = 15;
const labelLine = 14;

/**
 * A line chart as SVG with a band from the lowest to the highest seed; labels stand at the ends of the lines. Null
 * without points.
 */
export function lineChart(options: LineChartOptions): string | null {
  const series = options.series.filter((entry) => entry.points.length > 0);
  if (series.length === 0) return null;
  const xs = series.flatMap((entry) => entry.points.map(({ x }) => x));
  const xLow = Math.min(...xs);
  const xHigh = Math.max(...xs);
  const [yLow, yHigh] = options.percent
    ? [0, 1]
    : [
        Math.min(0, ...series.flatMap((entry) => entry.points.map(({ low }) => low))),
        Math.max(...series.flatMap((entry) => entry.points.map(({ high }) => high)), 1e-9),
      ];
  const share = (value: number, low: number, high: number) => (value - low) / (high - low || 1);
  const along = (x: number) =>
    options.logarithmic ? share(Math.log10(x), Math.log10(xLow), Math.log10(xHigh)) : share(x, xLow, xHigh);
  const px = (x: number) => left + along(x) * (width - left - right);
  const py = (y: number) => height - bottom - share(y, yLow, yHigh) * (height - top - bottom);
  const xTicks =
    options.xTicks ??
    (options.logarithmic ? [...new Set(xs)].sort((a, b) => a - b) : niceTicks(xLow, xHigh).filter(Number.isInteger));
  const labelled = series.filter((entry) => !entry.quiet);
  const room = labelled.length * (labelHeight + labelLine) <= height - top - bottom;
  const labels = labelled.map((entry) =>
    room ? inTwoLines(entry.name, longestLabel) : [shorten(entry.name, longestLabel)],
  );
  const second = labels.some((lines) => lines.length > 1) ? labelLine : 0;
  const heights = spreadLabels(
    labelled.map((entry) => py((entry.points.at(-1) as BandPoint).mean)),
    { top, bottom: height - bottom - second, gap: labelHeight + second },
  );
  const line = (points: readonly (readonly [number, number])[]) =>
    points.map(([x, y]) => `${place(px(x))},${place(py(y))}`).join(' ');
  return chartFrame({ title: options.title, width, height }, [
    ...niceTicks(yLow, yHigh).map(
      (tick) =>
        `<line class="grid" x1="${left}" x2="${width - right}" y1="${place(py(tick))}" ` +
        `y2="${place(py(tick))}"/>${text(left - 8, py(tick) + 4, options.percent ? `${Math.round(tick * 100)} %` : options.write(tick), 'class="muted" text-anchor="end"')}`,
    ),
    ...xTicks.map((tick) =>
      text(px(tick), height - bottom + 18, options.write(tick), 'class="muted" text-anchor="middle"'),
    ),
    text((left + width - right) / 2, height - 8, options.xTitle, 'class="muted" text-anchor="middle"'),
    text(16, top - 12, options.yTitle, 'class="muted" font-size="11"'),
    // Quiet lines lie below, bands below lines.
    ...series
      .filter((entry) => entry.quiet)
      .map(
        (entry) =>
          `<polyline class="quiet" fill="none" points="${line(entry.points.map(({ x, mean }) => [x, mean]))}"/>`,
      ),
    ...labelled
      .filter((entry) => entry.points.some(({ low, high }) => low < high))
      .map(
        (entry) =>
          `<polygon class="f${entry.colour % colours}" fill-opacity="0.16" ` +
          `points="${line([...entry.points.map(({ x, high }) => [x, high] as const), ...entry.points.toReversed().map(({ x, low }) => [x, low] as const)])}"/>`,
      ),
    ...labelled.map((entry) => {
      const dots =
        entry.points.length <= 12
          ? entry.points
              .map(
                ({ x, mean }) =>
                  `<circle class="f${entry.colour % colours}" cx="${place(px(x))}" cy="${place(py(mean))}" r="2.6"/>`,
              )
              .join('')
          : '';
      return (
        `<polyline class="s${entry.colour % colours}" stroke-width="2" ` +
        `fill="none"${entry.dashed ? ' stroke-dasharray="5 4"' : ''} ` +
        `points="${line(entry.points.map(({ x, mean }) => [x, mean]))}"/>${dots}`
      );
    }),
    ...labelled.flatMap((entry, index) =>
      labels[index]!.map((words, at) =>
        text(
          width - right + 8,
          (heights[index] as number) + 4 + at * labelLine,
          words,
          `class="f${entry.colour % colours}" font-weight="500"`,
        ),
      ),
    ),
  ]);
}
