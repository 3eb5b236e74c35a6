import { formatDuration, formatMetric } from '../components/format.ts';
import type { CurveLine, CurveSettings } from './curveLines.ts';
import { isStepCurve, type CurveAxis } from './curveSeries.ts';
import { curveTooltip, tooltipCss } from './curveTooltip.ts';
import { bandSeries } from './seedBand.ts';
import { endLabelSeries, labelRoom } from './endLabels.ts';
import { tickLabel } from './tickLabel.ts';

/** More lines than this are drawn simply: pale raw values would hide them, and each move would repaint them all. */
const mostDetailed = 10;
export const hasManyLines = (lines: readonly CurveLine[]): boolean => lines.length > mostDetailed;

/** Layers: bands and raw values lie behind the smoothed lines. */
const rawLayer = 1;
export const lineLayer = 2;
const labelLayer = 3;

const axisName: Record<CurveAxis, string> = {
  step: 'step',
  epoch: 'epoch',
  clock: 'time',
  relative: 'seconds since the start',
};

export interface CurveDrawing {
  readonly lines: readonly CurveLine[];
  /** Of the y axis; null lets ECharts choose. */
  readonly range: readonly [number, number] | null;
  readonly settings: CurveSettings;
  readonly percent: boolean;
  /** Whether the chart fills the view: then it names its axis and has a zoom slider. */
  readonly large: boolean;
}

/** The ECharts option of a chart of curves. */
export function curveOption(drawing: CurveDrawing) {
  const { lines, settings, percent, large } = drawing;
  return {
    animation: false,
    grid: { left: 8, right: labelRoom(lines), top: 10, bottom: large ? 44 : 8, containLabel: true },
    legend: { show: false },
    xAxis: horizontalAxis(drawing),
    yAxis: verticalAxis(drawing),
    tooltip: {
      trigger: 'axis',
      confine: true,
      extraCssText: tooltipCss,
      formatter: curveTooltip(lines, settings.axis, { format: curveFormat(percent), large }),
      axisPointer: { type: 'line', snap: true, label: { show: false } },
    },
    dataZoom: [
      { type: 'inside', filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true },
      ...(large ? [{ type: 'slider', height: 16, bottom: 4, filterMode: 'none' }] : []),
    ],
    series: [
      ...lines.flatMap((line) => bandSeries(line, { ...settings, z: rawLayer, zlevel: hasManyLines(lines) ? 1 : 0 })),
      ...lines.flatMap((line) => [...rawSeries(line, drawing), smoothedSeries(line, drawing)]),
      ...endLabelSeries(lines, labelLayer),
    ],
  };
}

/** How a chart writes its values. */
export const curveFormat =
  (percent: boolean) =>
  (value: number): string =>
    formatMetric(value, percent);

function horizontalAxis({ lines, settings: { axis }, large }: CurveDrawing) {
  return {
    type: axis === 'clock' ? 'time' : 'value',
    scale: true,
    minInterval: axis === 'step' ? 1 : 0,
    name: large ? axisName[axis] : '',
    nameLocation: 'middle',
    nameGap: 26,
    splitLine: { show: false },
    axisPointer: { triggerEmphasis: !hasManyLines(lines) },
    axisLabel: {
      hideOverlap: true,
      ...(axis === 'relative' ? { formatter: (value: number) => formatDuration(value) } : {}),
    },
  };
}

function verticalAxis({ range, settings: { logarithmic }, percent }: CurveDrawing) {
  const showEnds = range === null || logarithmic;
  return {
    type: logarithmic ? 'log' : 'value',
    scale: true,
    splitNumber: 4,
    axisLabel: {
      showMinLabel: showEnds,
      showMaxLabel: showEnds,
      hideOverlap: true,
      formatter: (value: number) => tickLabel(value, percent),
    },
    // null, not absent: ECharts merges options and would keep an earlier range.
    ...(range === null ? { min: null, max: null } : axisEnds(range, percent, logarithmic)),
  };
}

/** Rates are never drawn below 0 or above 1. */
function axisEnds([min, max]: readonly [number, number], percent: boolean, logarithmic: boolean) {
  if (!percent) return { min, max };
  return { min: logarithmic ? min : Math.max(0, min), max: Math.min(1, max) };
}

/**
 * The measured values, pale, behind a smoothed line. Of many lines, and over a band, those of steps are left out: they
 * would hide it.
 */
function rawSeries({ key, label, curve, x, colour, smoothing, spread }: CurveLine, { lines, settings }: CurveDrawing) {
  if (smoothing === 0 || (isStepCurve(curve.name) && (hasManyLines(lines) || spread !== null))) return [];
  return [
    {
      type: 'line',
      id: `raw ${key}`,
      name: label,
      dimensions: ['x', 'y'],
      data: interleaved(x, curve.values, settings.logarithmic),
      symbol: 'none',
      silent: true,
      tooltip: { show: false },
      emphasis: { disabled: true },
      lineStyle: { color: colour, width: 1, opacity: 0.22 },
      sampling: 'lttb',
      z: rawLayer,
    },
  ];
}

/** Many lines get a canvas of their own and ignore the pointer: it moves without repainting them. */
function smoothedSeries(line: CurveLine, drawing: CurveDrawing) {
  const { key, label, x, smoothed, colour, dashed } = line;
  const { lines, settings } = drawing;
  const many = hasManyLines(lines);
  return {
    type: 'line',
    id: key,
    name: label,
    dimensions: ['x', 'y'],
    data: interleaved(x, smoothed, settings.logarithmic),
    showSymbol: x.length < 2,
    symbol: 'circle',
    symbolSize: 5,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: many ? 1.2 : 1.6, type: dashed ? [5, 3] : 'solid' },
    silent: many,
    emphasis: { focus: 'series' },
    sampling: 'lttb',
    z: lineLayer,
    zlevel: many ? 1 : 0,
  };
}

/** x, y, x, y, …; a gap is NaN. ECharts uses one flat array as it is, but would copy an array per point. */
function interleaved(
  x: readonly number[],
  y: readonly (number | null)[],
  logarithmic: boolean,
): Float64Array<ArrayBuffer> {
  const flat = new Float64Array(2 * x.length);
  x.forEach((place, index) => {
    const value = y[index] ?? Number.NaN;
    flat[2 * index] = place;
    flat[2 * index + 1] = logarithmic && value <= 0 ? Number.NaN : value;
  });
  return flat;
}
