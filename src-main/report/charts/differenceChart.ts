import type { Interval } from '../../../src-shared/maths/statistics.ts';
import { chartFrame, niceTicks, place, shorten, text } from './chartFrame.ts';

export interface DifferenceRow {
  readonly label: string;
  readonly mean: number;
  readonly interval: Interval | null;
  /** The row's numbers as text. */
  readonly note: string;
  readonly verdict: string;
  readonly colour: number | null;
}

const width = 960;
const left = 350;
const right = 310;
const top = 64;
const rowHeight = 28;
const noteWidth = 160;

/** The most characters that a row's label has room for. */
export const differenceLabel = 50;

/**
 * Differences with their 95 % intervals, a row each, around a line at 0. The verdict is written at the right. Null
 * without rows.
 */
export function differenceChart({
  title,
  xTitle,
  rows,
  write,
}: {
  readonly title: string;
  readonly xTitle: string;
  readonly rows: readonly DifferenceRow[];
  readonly write: (value: number) => string;
}): string | null {
  if (rows.length === 0) return null;
  const ends = rows.flatMap(({ mean, interval }) => (interval ? [interval.low, interval.high] : [mean]));
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  const margin = (high - low || 1) * 0.06;
  const px = (value: number) => left + ((value - low + margin) / (high - low + 2 * margin)) * (width - left - right);
  const bottom = top + rows.length * rowHeight;
  const table = {
    columns: ['comparison', xTitle, 'low', 'high', 'verdict'],
    rows: rows.map(({ label, mean, interval, verdict }) => [
      label,
      mean,
      interval?.low ?? null,
      interval?.high ?? null,
      verdict,
    ]),
  };
  return chartFrame({ title, width, height: bottom + 50, table }, [
    ...niceTicks(low, high).map(
      (tick) =>
        `<line class="grid" x1="${place(px(tick))}" x2="${place(px(tick))}" y1="${top - 8}" ` +
        `y2="${bottom}"/>${text(px(tick), bottom + 18, write(tick), 'class="muted" text-anchor="middle"')}`,
    ),
    `<line class="axis" x1="${place(px(0))}" x2="${place(px(0))}" y1="${top - 8}" y2="${bottom}"/>`,
    text((left + width - right) / 2, bottom + 38, xTitle, 'class="muted" text-anchor="middle"'),
    ...rows.map(({ label, mean, interval, note, verdict, colour }, index) => {
      const y = top + index * rowHeight + rowHeight / 2 - 4;
      const [stroke, fill] = colour === null ? ['axis', 'muted'] : [`s${colour}`, `f${colour}`];
      return [
        text(left - 12, y + 4, shorten(label, differenceLabel), 'class="ink" text-anchor="end"'),
        interval
          ? `<line class="${stroke}" stroke-width="2" x1="${place(px(interval.low))}" ` +
            `x2="${place(px(interval.high))}" y1="${y}" y2="${y}"/>`
          : '',
        `<circle class="${fill}" cx="${place(px(mean))}" cy="${y}" r="4.5"/>`,
        text(width - right + 12, y + 4, note, 'class="muted" font-size="11"'),
        text(width - right + noteWidth, y + 4, verdict, `class="${fill}" font-weight="500"`),
      ].join('');
    }),
  ]);
}
