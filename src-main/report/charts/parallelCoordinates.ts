import { chartFrame, place, shorten, text } from './chartFrame.ts';

export interface ParallelAxis {
  readonly title: string;
  readonly values: readonly string[];
  /** Where each line crosses the axis, from 0 at the bottom to 1; null where the variant does not have the knob. */
  readonly places: readonly (number | null)[];
}

const height = 360;
const left = 90;
const right = 110;
const top = 76;
const bottom = 34;

/** A line for each variant across its knobs to its result on the last axis. The best is drawn on top, in colour. */
export function parallelCoordinates({
  title,
  axes,
  best,
}: {
  readonly title: string;
  readonly axes: readonly ParallelAxis[];
  readonly best: number;
}): string {
  const width = Math.max(560, 160 * axes.length + 120);
  const px = (axis: number) => left + (axis / Math.max(1, axes.length - 1)) * (width - left - right);
  const py = (share: number) => height - bottom - share * (height - top - bottom);
  const lines = axes[0]?.places.length ?? 0;
  const points = (line: number) =>
    axes
      .flatMap((axis, index) => {
        const share = axis.places[line] ?? null;
        return share === null ? [] : [`${place(px(index))},${place(py(share))}`];
      })
      .join(' ');
  const table = {
    columns: axes.map((axis) => axis.title),
    rows: Array.from({ length: lines }, (_, line) => axes.map(({ values }) => values[line] ?? null)),
  };
  return chartFrame({ title, width, height, table }, [
    ...axes.map((axis, index) => {
      const x = place(px(index));
      const title = text(px(index), top - 14, shorten(axis.title, 24), 'class="muted" text-anchor="middle"');
      return `<line class="axis" x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}"/>${title}`;
    }),
    ...Array.from({ length: lines }, (_, line) => line)
      .filter((line) => line !== best)
      .map((line) => `<polyline class="quiet" stroke-width="1.5" fill="none" points="${points(line)}"/>`),
    `<polyline class="s0" stroke-width="3" fill="none" points="${points(best)}"/>`,
    // Each value is written once beside its axis; those of the last axis at its right.
    ...axes.flatMap((axis, index) =>
      [...new Map(axis.values.map((value, line) => [value, axis.places[line] ?? null]))].flatMap(([value, share]) => {
        if (share === null) return [];
        const isLast = index === axes.length - 1;
        const isBest = axis.values[best] === value;
        return isLast && !isBest && share !== 0
          ? []
          : [
              text(
                px(index) + (isLast ? 8 : -8),
                py(share) + 4,
                value,
                `class="halo ${isBest ? 'f0' : 'ink'}"${isBest ? ' font-weight="700"' : ''} ` +
                  `text-anchor="${isLast ? 'start' : 'end'}"`,
              ),
            ];
      }),
    ),
  ]);
}
