import type { EChartsCoreOption } from 'echarts/core';

/** The visible part of a chart's axis, in percent of it. */
export type ZoomShare = readonly [start: number, end: number];

/** The zoom that an address names as '12.5-40.0'; null where it names none. */
export function zoomOf(text: unknown): ZoomShare | null {
  const ends = typeof text === 'string' ? text.split('-') : [];
  if (ends.length !== 2 || ends.includes('')) return null;
  const [start, end] = ends.map(Number);
  if (start === undefined || end === undefined || !(start >= 0 && start < end && end <= 100)) return null;
  return [start, end];
}

/** The option of a chart whose place within its frame is stated. */
export type PanelOption = EChartsCoreOption & {
  readonly grid?: { readonly top?: number; readonly bottom?: number };
  readonly series?: readonly { readonly name?: string }[];
};

const sliderRoom = 26; // pixels
const legendRoom = 24; // pixels
const mostNamed = 24; // lines: the names of more would cover the chart

/** Whether the lines of an enlarged chart must be named above it: there are several, and nothing names them yet. */
const needsLegend = ({ series = [], ...option }: PanelOption): boolean =>
  option['legend'] === undefined && series.length > 1 && series.length <= mostNamed;

/** The option of an enlarged chart, which names its lines: beside a small one, its view does. */
export function namedOption(option: PanelOption): PanelOption {
  if (!needsLegend(option)) return option;
  return {
    ...option,
    legend: { show: true, top: 0, icon: 'inherit', itemWidth: 20 },
    grid: { ...option.grid, top: (option.grid?.top ?? 0) + legendRoom },
  };
}

/** The option of an enlarged chart: its x axis can be zoomed, and is at first where the address says. */
export function largeOption(option: PanelOption, zoom: ZoomShare | null): EChartsCoreOption {
  const [start, end] = zoom ?? [0, 100];
  const window = { filterMode: 'none', start, end };
  return {
    ...option,
    grid: { ...option.grid, bottom: (option.grid?.bottom ?? 0) + sliderRoom },
    dataZoom: [
      { type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true, ...window },
      { type: 'slider', height: 16, bottom: 4, ...window },
    ],
  };
}

/** The visible part that an event of the zoom states; null where it states none. */
export function sharedZoom(event: unknown): ZoomShare | null {
  const { start, end, batch } = event as { start?: number; end?: number; batch?: { start?: number; end?: number }[] };
  const from = start ?? batch?.[0]?.start;
  const to = end ?? batch?.[0]?.end;
  return from === undefined || to === undefined || (from <= 0 && to >= 100) ? null : [from, to];
}
