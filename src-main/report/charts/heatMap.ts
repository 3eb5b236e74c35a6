import { chartFrame, place, shorten, text } from './chartFrame.ts';

export interface HeatMapOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xs: readonly string[];
  readonly ys: readonly string[];
  /** The value at column x and row y; null where nothing was tried. */
  readonly value: (x: number, y: number) => number | null;
  /** Small text below a value; null: none. */
  readonly note: (x: number, y: number) => string | null;
  readonly write: (value: number) => string;
}

const left = 110;
const top = 66;
const cell = 84;
const cellHeight = 40;

/** Values on a grid of two knobs. Each cell shows its number; the darker, the higher. */
export function heatMap({ title, xTitle, yTitle, xs, ys, value, note, write }: HeatMapOptions): string {
  const values = xs.flatMap((_, x) => ys.flatMap((__, y) => value(x, y) ?? []));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const width = Math.max(460, left + xs.length * cell + 24);
  const height = top + ys.length * cellHeight + 52;
  const table = {
    columns: [`${yTitle} / ${xTitle}`, ...xs],
    rows: ys.map((label, y) => [label, ...xs.map((_, x) => value(x, y))]),
  };
  return chartFrame({ title, width, height, table }, [
    text(16, top - 14, yTitle, 'class="muted" font-size="11"'),
    text(left + (xs.length * cell) / 2, height - 10, xTitle, 'class="muted" text-anchor="middle"'),
    ...ys.map((label, y) =>
      text(left - 10, top + y * cellHeight + cellHeight / 2 + 4, shorten(label, 14), 'class="muted" text-anchor="end"'),
    ),
    ...xs.map((label, x) =>
      text(
        left + x * cell + cell / 2,
        top + ys.length * cellHeight + 18,
        shorten(label, 12),
        'class="muted" text-anchor="middle"',
      ),
    ),
    ...xs.flatMap((_, x) =>
      ys.map((__, y) => {
        const own = value(x, y);
        const beneath = note(x, y);
        const middle = [left + x * cell + cell / 2, top + y * cellHeight + cellHeight / 2 + 4] as const;
        if (own === null) return text(...middle, '—', 'class="muted" text-anchor="middle"');
        // The cell's colours do not follow the theme: the number must be readable on the cell.
        const share = (own - low) / (high - low || 1);
        const blend = (from: number, to: number) => Math.round(from + (to - from) * share);
        return (
          `<rect x="${place(left + x * cell + 1)}" y="${place(top + y * cellHeight + 1)}" ` +
          `width="${cell - 2}" height="${cellHeight - 2}" rx="4" ` +
          `fill="rgb(${blend(222, 26)},${blend(232, 60)},${blend(250, 140)})"/>` +
          text(
            middle[0],
            middle[1] - (beneath === null ? 0 : 6),
            write(own),
            `fill="${share > 0.45 ? '#ffffff' : '#1f2328'}" ` +
              `text-anchor="middle"${own === high ? ' font-weight="700"' : ''}`,
          ) +
          (beneath === null
            ? ''
            : text(
                middle[0],
                middle[1] + 9,
                beneath,
                `fill="${share > 0.45 ? '#ffffff' : '#1f2328'}" text-anchor="middle" font-size="10"`,
              ))
        );
      }),
    ),
  ]);
}
