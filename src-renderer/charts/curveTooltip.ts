import { format as echartsFormat } from 'echarts/core';
import { formatCount, formatDuration, formatNumber } from '../components/format.ts';
import { valueAt, type CurveLine } from './curveLines.ts';
import type { CurveAxis } from './curveSeries.ts';
import { spreadText } from './seedSpread.ts';

const mostRows = 12;

/** What ECharts passes for each series under the pointer. */
export interface TooltipPoint {
  readonly axisValue?: number | string;
  readonly axisValueLabel?: string;
}

/**
 * The tooltip's HTML: what was measured on every line at the pointer, highest first, and the smoothed value beside it.
 * Thinned curves share no steps, so each line shows its nearest point. Dashed lines have a ring in place of a dot.
 */
export function curveTooltip(
  lines: readonly CurveLine[],
  axis: CurveAxis,
  format: (value: number) => string,
): (given: TooltipPoint | readonly TooltipPoint[]) => string {
  return (given) => {
    const [point] = [given].flat() as TooltipPoint[];
    const at = Number(point?.axisValue);
    const entries = lines
      .flatMap((line) => {
        const value = valueAt(line, at);
        return value === null ? [] : [{ ...value, line }];
      })
      .sort((a, b) => b.measured - a.measured);
    const rows = entries
      .slice(0, mostRows)
      .map(({ line: { label, colour, smoothing, dashed, spread }, place, measured, smoothed }) => {
        const value = smoothing === 0 ? format(measured) : `${format(measured)}, smoothed ${format(smoothed)}`;
        const band = spread && spreadText(spread, place, format);
        return rowHtml(label, dashed ? ringStyle(colour) : dotStyle(colour), value) + (band ? bandHtml(band) : '');
      });
    const left = entries.length - rows.length;
    return [
      `<div>${echartsFormat.encodeHTML(placeText(axis, at, point?.axisValueLabel ?? ''))}</div>`,
      ...rows,
      ...(left > 0 ? [`<div style="opacity:.7">and ${left} with lower values</div>`] : []),
    ].join('');
  };
}

function placeText(axis: CurveAxis, value: number, clockLabel: string): string {
  switch (axis) {
    case 'step':
      return `step ${formatCount(Math.round(value))}`;
    case 'epoch':
      return `epoch ${formatNumber(value, 3)}`;
    case 'relative':
      return formatDuration(value);
    case 'clock':
      return clockLabel;
  }
}

const dotStyle = (colour: string): string => `width:8px;height:8px;border-radius:4px;background:${colour}`;
const ringStyle = (colour: string): string =>
  `width:8px;height:8px;border-radius:4px;box-sizing:border-box;border:2px solid ${colour}`;
const nameStyle = 'overflow:hidden;text-overflow:ellipsis;max-width:260px';
const valueStyle = 'margin-left:auto;padding-left:8px;font-weight:600';

const rowHtml = (label: string, dot: string, value: string): string =>
  '<div style="display:flex;gap:8px;align-items:center">' +
  `<i style="${dot}"></i>` +
  `<span style="${nameStyle}">${echartsFormat.encodeHTML(label)}</span>` +
  `<b style="${valueStyle}">${value}</b></div>`;

/** A line of its own: a tooltip is no wider than its chart. */
const bandHtml = (band: string): string => `<div style="text-align:right;opacity:.8">${band}</div>`;
