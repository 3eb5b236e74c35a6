import { chartFrame, place, shorten, text } from './chartFrame.ts';

export interface RankedName {
  readonly name: string;
  readonly rank: number;
}

const width = 960;
const left = 60;
const right = 60;
const axisTop = 92;
const groupGap = 9;
const rowHeight = 18;
const longestName = 40;

/**
 * A critical-difference diagram (Demšar 2006, figure 1): mean ranks along an axis, the best at the left, with a bar
 * over those that the critical difference does not tell apart. `ranked` is sorted, the best first.
 */
export function criticalDifferenceChart({
  title,
  ranked,
  groups,
  criticalDifference,
  differenceTitle,
  write,
}: {
  readonly title: string;
  readonly ranked: readonly RankedName[];
  readonly groups: readonly { readonly first: number; readonly last: number }[];
  readonly criticalDifference: number;
  readonly differenceTitle: string;
  readonly write: (rank: number) => string;
}): string {
  const most = ranked.length;
  const px = (rank: number) => left + ((rank - 1) / Math.max(1, most - 1)) * (width - left - right);
  const namesTop = axisTop + 24 + groups.length * groupGap;
  // The better half hangs at the left, the others at the right, so that no line crosses a name.
  const half = Math.ceil(most / 2);
  const bottom = namesTop + half * rowHeight;
  const bar = (from: number, to: number, y: number, stroke: number) =>
    `<line class="axis" x1="${place(from)}" x2="${place(to)}" y1="${place(y)}" y2="${place(y)}" ` +
    `stroke-width="${stroke}"/>`;
  const differenceEnd = Math.min(px(1 + criticalDifference), width - right);
  const table = { columns: ['arm', 'mean rank'], rows: ranked.map(({ name, rank }) => [name, rank]) };
  return chartFrame({ title, width, height: bottom + 16, table }, [
    bar(px(1), differenceEnd, 52, 2),
    text(px(1), 46, differenceTitle, 'class="muted"'),
    bar(px(1), px(most), axisTop, 1),
    ...Array.from({ length: most }, (_, at) => at + 1).map(
      (rank) =>
        `<line class="axis" x1="${place(px(rank))}" x2="${place(px(rank))}" y1="${axisTop - 5}" y2="${axisTop}"/>` +
        text(px(rank), axisTop - 10, String(rank), 'class="muted" text-anchor="middle"'),
    ),
    ...groups.map(({ first, last }, at) =>
      bar(px(ranked[first]?.rank ?? 1) - 4, px(ranked[last]?.rank ?? 1) + 4, axisTop + 12 + at * groupGap, 4),
    ),
    ...ranked.map(({ name, rank }, at) => {
      const isLeft = at < half;
      const y = namesTop + (isLeft ? at : most - 1 - at) * rowHeight;
      const end = isLeft ? left - 30 : width - right + 30;
      const label = `${shorten(name, longestName)} ${write(rank)}`;
      return (
        `<path class="quiet" fill="none" d="M${place(px(rank))} ${axisTop}V${place(y)}H${place(end)}"/>` +
        text(end, y - 4, label, `class="ink" text-anchor="${isLeft ? 'start' : 'end'}"`)
      );
    }),
  ]);
}
