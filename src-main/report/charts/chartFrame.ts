import { writeFigureTable, type FigureTable } from '../../../src-shared/figureTable.ts';
import { printable } from '../../../src-shared/printable.ts';

export interface Frame {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** What the chart shows. */
  readonly table: FigureTable;
}

// Colour-blind readers can tell these apart, and they can be read as text on the light card and on the dark one.
const light = ['#3b5fc0', '#b84e05', '#2b7a49', '#8648cf', '#b32f49', '#0f7285'] as const;
const dark = ['#8fb0ff', '#ffa657', '#6fd39a', '#cfa8ff', '#ff8fa3', '#6cc7d8'] as const;
export const colours = light.length;

interface Theme {
  readonly card: string;
  readonly edge: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly series: readonly string[];
}
const lightTheme: Theme = {
  card: '#ffffff',
  edge: '#d1d9e0',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#e6e8eb',
  series: light,
};
const darkTheme: Theme = {
  card: '#0d1117',
  edge: '#3d444d',
  ink: '#f0f6fc',
  muted: '#9198a1',
  grid: '#2a313c',
  series: dark,
};

const rulesOf = ({ card, edge, ink, muted, grid, series }: Theme) =>
  [
    `.card{fill:${card};stroke:${edge}}`,
    `.ink{fill:${ink}}`,
    `.muted{fill:${muted}}`,
    `.grid{stroke:${grid}}`,
    `.axis{stroke:${muted}}`,
    `.quiet{stroke:${muted};stroke-opacity:.45}`,
    `.halo{paint-order:stroke;stroke:${card};stroke-width:5px}`,
    ...series.map((colour, index) => `.s${index}{stroke:${colour}}.f${index}{fill:${colour}}`),
  ].join('');
// A page that shows the SVG as an image gives it no styles. So the chart follows the reader's system by itself, and
// draws its own background, so that it can be read on any page.
const style = [
  `<style>text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif}`,
  rulesOf(lightTheme),
  `@media(prefers-color-scheme:dark){${rulesOf(darkTheme)}}</style>`,
].join('');

/** Width of a title's character, pixels: an estimate. */
const titleCharacter = 7.6;

export const escapeXml = (text: string) =>
  printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A chart's card with its title, table and parts, as SVG that can be read on light and dark pages. */
export const chartFrame = ({ title, width, height, table }: Frame, parts: readonly string[]): string => {
  const heading = shorten(title, Math.floor((width - 32) / titleCharacter));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
      `height="${height}" font-size="12" role="img"><title>${escapeXml(title)}</title>` +
      `<metadata>${escapeXml(writeFigureTable(table))}</metadata>${style}`,
    `<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" ` +
      `rx="8"/>${text(16, 24, heading, 'class="ink" font-size="14" font-weight="600"')}`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
};

/** A piece of text with its attributes. */
export const text = (x: number, y: number, content: string, attributes = 'class="muted"'): string =>
  `<text x="${place(x)}" y="${place(y)}" ${attributes}>${escapeXml(content)}</text>`;
export const place = (value: number): string => value.toFixed(1);
export const shorten = (name: string, most: number): string =>
  name.length > most ? `${name.slice(0, most - 1)}…` : name;

/**
 * A name on one line, or on two where it has more than `most` characters. The end is kept, because the variants of a
 * sweep differ there.
 */
export function inTwoLines(name: string, most: number): readonly string[] {
  const end = name.length > most ? name.lastIndexOf(' ', most) : -1;
  return end > 0 ? [name.slice(0, end), shorten(name.slice(end + 1), most)] : [shorten(name, most)];
}

/** About five round numbers within a range. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 6) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step)
    ticks.push(Number(tick.toPrecision(12)) + 0);
  return ticks;
}

/** Heights of labels, pushed apart so that none covers another; in the order given. */
export function spreadLabels(
  heights: readonly number[],
  { top, bottom, gap = 15 }: { readonly top: number; readonly bottom: number; readonly gap?: number },
): number[] {
  const order = [...heights.keys()].sort((a, b) => (heights[a] as number) - (heights[b] as number));
  const result = [...heights];
  order.forEach((index, rank) => {
    result[index] = Math.max(
      heights[index] as number,
      rank === 0 ? top : (result[order[rank - 1] as number] as number) + gap,
    );
  });
  order.toReversed().forEach((index, rank) => {
    result[index] = Math.min(
      result[index] as number,
      rank === 0 ? bottom : (result[order[order.length - rank] as number] as number) - gap,
    );
  });
  return result;
}
