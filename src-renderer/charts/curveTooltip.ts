import { format as echartsFormat } from 'echarts/core';
import { formatCount, formatDuration, formatNumber } from '../components/format.ts';
import { valueAt, type CurveLine } from './curveLines.ts';
import type { CurveAxis } from './curveSeries.ts';
import { spreadText } from './seedSpread.ts';

/** Lines of text that fit over a small chart, and over a large one. */
const room = { small: 10, large: 24 } as const;

export interface TooltipStyle {
  readonly format: (value: number) => string;
  /** Whether the chart fills the view. */
  readonly large: boolean;
}

/** What ECharts passes for each series under the pointer. */
export interface TooltipPoint {
  readonly axisValue?: number | string;
  readonly axisValueLabel?: string;
}

/** A tooltip is no wider than its chart, so that it never covers two. */
export const tooltipCss = 'box-sizing:border-box;max-width:calc(100% - 4px);overflow:hidden;white-space:normal;';

/**
 * The tooltip's HTML: what was measured on every line at the pointer, highest first, and the smoothed value in a column
 * of its own. Thinned curves share no steps, so each line shows its nearest point. Dashed lines have a ring in place of
 * a dot.
 */
export function curveTooltip(
  lines: readonly CurveLine[],
  axis: CurveAxis,
  { format, large }: TooltipStyle,
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
    const isSmoothed = entries.some(({ line }) => line.smoothing > 0);
    const head = isSmoothed ? 2 : 1;
    const height = entries.some(({ line }) => line.spread !== null) ? 2 : 1;
    const fitting = Math.floor(((large ? room.large : room.small) - head) / height);
    const rows = entries
      .slice(0, entries.length > fitting ? fitting - 1 : fitting)
      .map(({ line: { label, colour, smoothing, dashed, spread }, place, measured, smoothed }) => {
        const values = [format(measured), ...(isSmoothed ? [smoothing === 0 ? '' : format(smoothed)] : [])];
        const band = spread && spreadText(spread, place, format);
        return rowHtml(label, dashed ? ringStyle(colour) : dotStyle(colour), values) + (band ? bandHtml(band) : '');
      });
    const left = entries.length - rows.length;
    return [
      `<div>${echartsFormat.encodeHTML(placeText(axis, at, point?.axisValueLabel ?? ''))}</div>`,
      `<div style="${gridStyle(isSmoothed)}">`,
      ...(isSmoothed ? [headHtml] : []),
      ...rows,
      '</div>',
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
const gridStyle = (isSmoothed: boolean): string =>
  'display:grid;align-items:center;column-gap:8px;' +
  `grid-template-columns:auto minmax(0,1fr) auto${isSmoothed ? ' auto' : ''}`;
const nameStyle = 'display:flex;max-width:260px;white-space:nowrap';
const shortened = 'overflow:hidden;text-overflow:ellipsis';
const valueStyle = 'padding-left:4px;text-align:right;font-weight:600;white-space:nowrap';
const headStyle = 'text-align:right;opacity:.8';

const headHtml =
  '<span style="grid-column:1/3"></span>' +
  `<span style="${headStyle}">measured</span><span style="${headStyle}">smoothed</span>`;

/** Where a name is too long, the part of the data at its end stays. */
function nameHtml(label: string): string {
  const part = [', train', ', val'].find((end) => label.endsWith(end)) ?? '';
  const name = echartsFormat.encodeHTML(label.slice(0, label.length - part.length));
  return `<span style="${nameStyle}"><span style="${shortened}">${name}</span><span>${part}</span></span>`;
}

const rowHtml = (label: string, dot: string, values: readonly string[]): string =>
  `<i style="${dot}"></i>` + nameHtml(label) + values.map((value) => `<b style="${valueStyle}">${value}</b>`).join('');

/** A line of its own, so that the columns stay narrow. */
const bandHtml = (band: string): string => `<div style="grid-column:1/-1;text-align:right;opacity:.8">${band}</div>`;
