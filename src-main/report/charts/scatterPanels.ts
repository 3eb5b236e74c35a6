import { chartFrame, colours, place, shorten, text } from './chartFrame.ts';

export interface ScatterPanel {
  readonly title: string;
  readonly points: readonly { readonly group: string; readonly x: number; readonly y: number }[];
}

const panelWidth = 360;
const panelHeight = 320;
const top = 46;
const gap = 16;
const inset = 26;

/**
 * Point clouds side by side, each with its own scale and equal axes. The named groups are coloured, with a label at
 * their middle; the others are grey.
 */
export function scatterPanels({
  title,
  panels,
  groups,
}: {
  readonly title: string;
  readonly panels: readonly ScatterPanel[];
  readonly groups: readonly string[];
}): string {
  const columns = Math.min(2, panels.length);
  const rows = Math.ceil(panels.length / columns);
  return chartFrame(
    {
      title,
      width: gap + columns * (panelWidth + gap),
      height: top + rows * (panelHeight + gap),
      table: {
        columns: ['arm', 'person', 'x', 'y'],
        rows: panels.flatMap((panel) => panel.points.map(({ group, x, y }) => [panel.title, group, x, y])),
      },
    },
    panels.map((panel, index) => {
      const left = gap + (index % columns) * (panelWidth + gap);
      const above = top + Math.floor(index / columns) * (panelHeight + gap);
      const xs = panel.points.map(({ x }) => x);
      const ys = panel.points.map(({ y }) => y);
      const middle = (values: readonly number[]) => (Math.min(...values) + Math.max(...values)) / 2;
      const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) || 1;
      const unit = (Math.min(panelWidth, panelHeight) - 2 * inset - 16) / span;
      const px = (x: number) => left + panelWidth / 2 + (x - middle(xs)) * unit;
      const py = (y: number) => above + 10 + panelHeight / 2 - (y - middle(ys)) * unit;
      const colourOf = (group: string) => groups.slice(0, colours).indexOf(group);
      return [
        `<rect x="${left}" y="${above}" width="${panelWidth}" height="${panelHeight}" rx="6" fill="none" ` +
          `class="grid"/>${text(left + 10, above + 20, shorten(panel.title, 46), 'class="ink" font-weight="600"')}`,
        // Groups without a colour are drawn first, below the others.
        ...panel.points
          .toSorted((a, b) => Math.min(0, colourOf(a.group)) - Math.min(0, colourOf(b.group)))
          .map(
            ({ group, x, y }) =>
              `<circle class="${colourOf(group) < 0 ? 'muted' : `f${colourOf(group)}`}" ` +
              `fill-opacity="${colourOf(group) < 0 ? 0.35 : 0.85}" cx="${place(px(x))}" cy="${place(py(y))}" ` +
              `r="${colourOf(group) < 0 ? 2.4 : 3.6}"/>`,
          ),
        ...groups.slice(0, colours).flatMap((group) => {
          const own = panel.points.filter((point) => point.group === group);
          const at = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
          return own.length === 0
            ? []
            : [
                text(
                  px(at(own.map(({ x }) => x))),
                  py(at(own.map(({ y }) => y))) + 4,
                  shorten(group, 18),
                  `class="halo f${colourOf(group)}" font-weight="700" text-anchor="middle"`,
                ),
              ];
        }),
      ].join('');
    }),
  );
}
