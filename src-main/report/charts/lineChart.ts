import type { FigureTable } from '../../../src-shared/figureTable.ts';
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
const mostDots = 12;
const labelHeight = 15;
const labelLine = 14;

interface Scale {
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

/**
 * A line chart as SVG, with a band from the lowest to the highest seed and labels at the ends of the lines. Null
 * without points.
 */
export function lineChart(options: LineChartOptions): string | null {
  const series = options.series.filter((entry) => entry.points.length > 0);
  if (series.length === 0) return null;
  const scale = scaleOf(series, options);
  const labelled = series.filter((entry) => !entry.quiet);
  return chartFrame({ title: options.title, width, height, table: tableOf(labelled, options.xTitle) }, [
    ...axes(scale, options),
    // Quiet lines lie below bands, and bands below lines.
    ...series
      .filter((entry) => entry.quiet)
      .map((entry) => `<polyline class="quiet" fill="none" points="${means(entry, scale)}"/>`),
    ...labelled.filter((entry) => entry.points.some(({ low, high }) => low < high)).map((entry) => band(entry, scale)),
    ...labelled.map((entry) => line(entry, scale)),
    ...labels(labelled, scale),
  ]);
}

/** A row for each x, with the mean of each line and, where seeds differ, the lowest and the highest of them. */
function tableOf(lines: readonly ChartSeries[], xTitle: string): FigureTable {
  const columns = lines.flatMap(({ name, points }) => {
    const at = new Map(points.map((point) => [point.x, point]));
    const column = (title: string, read: (point: BandPoint) => number) => ({
      title,
      cell: (x: number) => {
        const point = at.get(x);
        return point === undefined ? null : read(point);
      },
    });
    const mean = column(name, (point) => point.mean);
    if (points.every(({ low, high }) => low === high)) return [mean];
    return [mean, column(`${name}, min`, ({ low }) => low), column(`${name}, max`, ({ high }) => high)];
  });
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  return {
    columns: [xTitle, ...columns.map(({ title }) => title)],
    rows: xs.map((x) => [x, ...columns.map(({ cell }) => cell(x))]),
  };
}

/** Where a point is on the card. Shares fill the whole height from 0 to 1; other values have their own range. */
function scaleOf(series: readonly ChartSeries[], options: LineChartOptions): Scale {
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
  return { px, py, xTicks, yTicks: niceTicks(yLow, yHigh) };
}

function axes({ px, py, xTicks, yTicks }: Scale, { write, percent, xTitle, yTitle }: LineChartOptions): string[] {
  const inWords = (tick: number) => (percent ? `${Math.round(tick * 100)} %` : write(tick));
  return [
    ...yTicks.map((tick) => {
      const y = place(py(tick));
      const label = text(left - 8, py(tick) + 4, inWords(tick), 'class="muted" text-anchor="end"');
      return `<line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>${label}`;
    }),
    ...xTicks.map((tick) => text(px(tick), height - bottom + 18, write(tick), 'class="muted" text-anchor="middle"')),
    text((left + width - right) / 2, height - 8, xTitle, 'class="muted" text-anchor="middle"'),
    text(16, top - 12, yTitle, 'class="muted" font-size="11"'),
  ];
}

const colourOf = (entry: ChartSeries) => entry.colour % colours;

const path = (points: readonly (readonly [x: number, y: number])[], { px, py }: Scale) =>
  points.map(([x, y]) => `${place(px(x))},${place(py(y))}`).join(' ');

const means = ({ points }: ChartSeries, scale: Scale) =>
  path(
    points.map(({ x, mean }) => [x, mean]),
    scale,
  );

function band(entry: ChartSeries, scale: Scale): string {
  const upper = entry.points.map(({ x, high }) => [x, high] as const);
  const lower = entry.points.toReversed().map(({ x, low }) => [x, low] as const);
  const outline = path([...upper, ...lower], scale);
  return `<polygon class="f${colourOf(entry)}" fill-opacity="0.16" points="${outline}"/>`;
}

/** A line with its points, which are left out where they would run together. */
function line(entry: ChartSeries, scale: Scale): string {
  const dot = ({ x, mean }: BandPoint) =>
    `<circle class="f${colourOf(entry)}" cx="${place(scale.px(x))}" cy="${place(scale.py(mean))}" r="2.6"/>`;
  const dots = entry.points.length <= mostDots ? entry.points.map(dot).join('') : '';
  const dashes = entry.dashed ? ' stroke-dasharray="5 4"' : '';
  return (
    `<polyline class="s${colourOf(entry)}" stroke-width="2" fill="none"${dashes} ` +
    `points="${means(entry, scale)}"/>${dots}`
  );
}

/** The names of the lines at their right ends: on two lines where there is room for it. */
function labels(labelled: readonly ChartSeries[], { py }: Scale): string[] {
  const room = labelled.length * (labelHeight + labelLine) <= height - top - bottom;
  const names = labelled.map((entry) =>
    room ? inTwoLines(entry.name, longestLabel) : [shorten(entry.name, longestLabel)],
  );
  const second = names.some((lines) => lines.length > 1) ? labelLine : 0;
  const heights = spreadLabels(
    labelled.map((entry) => py((entry.points.at(-1) as BandPoint).mean)),
    { top, bottom: height - bottom - second, gap: labelHeight + second },
  );
  return labelled.flatMap((entry, index) =>
    names[index]!.map((words, at) =>
      text(
        width - right + 8,
        heights[index]! + 4 + at * labelLine,
        words,
        `class="f${colourOf(entry)}" font-weight="500"`,
      ),
    ),
  );
}
