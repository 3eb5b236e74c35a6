import type { EChartsCoreOption } from 'echarts/core';
import type { ArmDifference } from '../../../src-shared/answers/runAnswers.ts';
import type { ComparedMetric } from '../../../src-shared/comparison.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { metricDifference, pComparison, pValue } from '../../../src-shared/verdictSentence.ts';
import type { ChartTable } from '../../charts/chartTable.ts';
import type { ChartColours } from '../../charts/chartTheme.ts';
import { tickLabel } from '../../charts/tickLabel.ts';

type Unit = ComparedMetric['unit'];
export const unitTitles: Readonly<Record<Unit, string>> = {
  share: 'Difference in percentage points',
  degrees: 'Difference in degrees',
  number: 'Difference',
};

/** A row of a forest plot, in the unit in which it is shown: percentage points for shares. */
export interface ForestRow {
  readonly label: string;
  readonly metric: string;
  readonly arm: string;
  readonly better: ComparedMetric['better'];
  readonly mean: number;
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** One entry per pair of runs. */
  readonly pairs: readonly { readonly seed: number; readonly difference: number }[];
  readonly p: number | null;
  readonly verdict: ArmDifference['verdict'];
}

const shownIn = (unit: Unit, value: number): number => (unit === 'share' ? 100 * value : value);
const texts = reportTexts('en');
const written = (unit: Unit, value: number): string =>
  metricDifference(unit === 'share' ? value / 100 : value, { unit }, texts).number;

/** Rows by metric, then by arm. With two arms, a row is named by its metric only. */
export function forestRows(
  differences: readonly ArmDifference[],
  nameOf: (run: string) => string,
  twoArms: boolean,
): readonly ForestRow[] {
  const metrics = [...new Set(differences.map(({ metric }) => metric.key))];
  return metrics.flatMap((key) =>
    differences
      .filter(({ metric }) => metric.key === key)
      .map((difference): ForestRow => {
        const { metric, interval, seeds, run } = difference;
        const arm = nameOf(run);
        return {
          metric: metric.title,
          arm,
          better: metric.better,
          label: twoArms ? metric.title : `${arm}: ${metric.title}`,
          mean: shownIn(metric.unit, difference.mean),
          p: difference.adjustedP,
          verdict: difference.verdict,
          interval: interval && { low: shownIn(metric.unit, interval.low), high: shownIn(metric.unit, interval.high) },
          pairs: difference.differences.map((value, index) => ({
            seed: seeds[index] ?? 0,
            difference: shownIn(metric.unit, value),
          })),
        };
      }),
  );
}

/** The plot as a table. */
export const forestTable = (rows: readonly ForestRow[], unit: Unit): ChartTable => ({
  columns: ['metric', 'arm', 'pairs', 'difference', '95 % interval', 'p (Holm)', 'verdict'],
  rows: rows.map(({ metric, arm, pairs, mean, interval, p, verdict, better }) => [
    `${metric} (${better} is better)`,
    arm,
    pairs.length,
    written(unit, mean),
    interval ? `${written(unit, interval.low)} … ${written(unit, interval.high)}` : null,
    p === null ? '—' : pValue(p, texts),
    p === null ? '—' : texts.say(`verdict.${verdict}.word`),
  ]),
});

interface RenderedAt {
  value(dimension: number): number;
  coord(place: readonly [number, number]): readonly [number, number];
}

const axisNames: Readonly<Record<Unit, string>> = { share: 'percentage points', degrees: 'degrees', number: '' };

function rowTooltip({ mean, interval, p, verdict, pairs }: ForestRow, unit: Unit): string {
  const ends = interval && ` (95 %: ${written(unit, interval.low)} … ${written(unit, interval.high)})`;
  const few = pairs.length < fewestForCertainty ? `, of ${pairs.length} pairs only` : '';
  const significance = p === null ? 'one pair' : `p ${pComparison(p, texts)}, ${texts.say(`verdict.${verdict}.word`)}`;
  return `${written(unit, mean)}${ends ?? ''}, ${significance}${p === null ? '' : few}`;
}

/**
 * The ends of the axis: all differences of pairs and 0, and intervals up to as far again on each side. The interval of
 * two pairs may be ten times as wide as all differences: it would press all other rows into a few pixels.
 */
export function forestRange(rows: readonly ForestRow[]): readonly [low: number, high: number] {
  const seen = [0, ...rows.flatMap(({ mean, pairs }) => [mean, ...pairs.map(({ difference }) => difference)])];
  const low = Math.min(...seen);
  const high = Math.max(...seen);
  const room = high - low || 1;
  const ends = rows.flatMap(({ interval }) => (interval ? [interval.low, interval.high] : []));
  return [
    Math.max(low - room, Math.min(low, ...ends)) - 0.05 * room,
    Math.min(high + room, Math.max(high, ...ends)) + 0.05 * room,
  ];
}

const fewestForCertainty = 3;
/** An interval as shapes: caps at its ends, an arrow where it goes on beyond the axis, dashes for two pairs. */
function intervalShapes(row: ForestRow, range: readonly [number, number], draw: DrawnInterval) {
  const { api, place, colour } = draw;
  const { low, high } = row.interval ?? { low: row.mean, high: row.mean };
  if (low === high) return [];
  const [left, y] = api.coord([Math.max(low, range[0]), place]);
  const [right] = api.coord([Math.min(high, range[1]), place]);
  const isCertain = row.pairs.length >= fewestForCertainty;
  const style = { stroke: colour, lineWidth: isCertain ? 2 : 1.5, fill: null, lineDash: isCertain ? null : [4, 3] };
  const solid = { ...style, lineDash: null };
  const line = (x1: number, y1: number, x2: number, y2: number, own: typeof style | typeof solid = solid) => ({
    type: 'line',
    shape: { x1, y1, x2, y2 },
    style: own,
  });
  const end = (x: number, isBeyond: boolean, inward: 1 | -1) =>
    isBeyond ? [line(x, y, x + 5 * inward, y - 4), line(x, y, x + 5 * inward, y + 4)] : [line(x, y - 4, x, y + 4)];
  return [line(left, y, right, y, style), ...end(left, low < range[0], 1), ...end(right, high > range[1], -1)];
}
interface DrawnInterval {
  readonly api: RenderedAt;
  readonly place: number;
  readonly colour: string;
}

/**
 * A forest plot: each row's mean difference with its interval, a small point for each pair of runs, and a line at 0.
 */
export function forestOption(rows: readonly ForestRow[], unit: Unit, colours: ChartColours): EChartsCoreOption {
  const colourOf = ({ verdict }: ForestRow): string => {
    if (verdict === 'better') return colours.good;
    return verdict === 'worse' ? colours.bad : colours.ink;
  };
  const tooltipOf = (place: number): string => {
    const row = rows[place];
    return row ? rowTooltip(row, unit) : '';
  };
  const range = forestRange(rows);
  return {
    animation: false,
    grid: { left: 8, right: 20, top: 30, bottom: 8, containLabel: true },
    // At the top: the bottom of a long plot is out of sight.
    xAxis: {
      type: 'value',
      position: 'top',
      min: range[0],
      max: range[1],
      name: axisNames[unit],
      nameLocation: 'middle',
      nameGap: 24,
      axisLabel: {
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => tickLabel(value, false).replace('-', '−'),
      },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({ label }) => label),
      axisLine: { show: false },
      axisLabel: { width: 300, overflow: 'truncate', interval: 0, color: colours.ink, fontSize: 11 },
    },
    tooltip: {
      trigger: 'item',
      confine: true,
      formatter: ({
        dataIndex,
        seriesName,
        value,
      }: {
        dataIndex: number;
        seriesName: string;
        value: readonly number[];
      }) => (seriesName === 'pairs' ? `seed ${value[2]}: ${written(unit, value[0] ?? 0)}` : tooltipOf(dataIndex)),
    },
    series: [
      {
        type: 'custom',
        name: 'interval',
        z: 2,
        encode: { x: [1, 2], y: 0 },
        clip: true,
        data: rows.map(({ interval, mean }, place) => [place, interval?.low ?? mean, interval?.high ?? mean]),
        renderItem: (_params: unknown, api: RenderedAt) => {
          const place = api.value(0);
          const row = rows[place]!;
          return { type: 'group', children: intervalShapes(row, range, { api, place, colour: colourOf(row) }) };
        },
      },
      {
        type: 'scatter',
        name: 'pairs',
        z: 1,
        symbolSize: 5,
        itemStyle: { color: colours.muted, opacity: 0.55 },
        data: rows.flatMap(({ pairs }, place) => pairs.map(({ seed, difference }) => [difference, place, seed])),
      },
      {
        type: 'scatter',
        name: 'mean',
        z: 3,
        symbolSize: 10,
        // Filled where the difference is significant, so that it does not depend on colour alone.
        data: rows.map((row, place) => ({
          value: [row.mean, place],
          itemStyle: {
            opacity: 1,
            color: row.verdict === 'notDistinguishable' ? colours.panel : colourOf(row),
            borderColor: colourOf(row),
            borderWidth: 2,
          },
        })),
        markLine: {
          silent: true,
          symbol: 'none',
          animation: false,
          label: { show: false },
          lineStyle: { color: colours.muted, type: 'solid', width: 1 },
          data: [{ xAxis: 0 }],
        },
      },
    ],
  };
}
