import { Color } from 'three';
import type { EmbeddingFrame, EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import { partNames } from '../../../src-shared/splitSchema.ts';
import type { CloudPaint } from './cloudScene.ts';
import { rowsByPerson } from './rowsByPerson.ts';

export type ColourBy = 'person' | 'part' | 'correct' | 'angle';
export type Rgb = readonly [number, number, number];
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly rows: readonly number[];
}
/** The colour of each row and what the colours mean: entries, or for angles a scale from 0 to `most` degrees. */
export interface RowColours {
  readonly colours: readonly Rgb[];
  readonly entries: readonly LegendEntry[];
  readonly scale: { readonly most: number; readonly stops: readonly Rgb[] } | null;
}
/** The theme's colours by the name of their variable, and whether it is dark. */
export interface Palette {
  readonly dark: boolean;
  readonly of: (variable: string) => Rgb;
}

/** A CSS colour ('#a4b1c2', '#fff', 'tan') as numbers from 0 to 255. */
export function rgbOf(css: string): Rgb {
  const hex = new Color(css).getHex();
  return [hex >> 16, (hex >> 8) & 255, hex & 255];
}
export const cssOf = ([red, green, blue]: Rgb): string =>
  `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
const mixed = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** The colour of a person: hues a golden angle apart, in three lightnesses, so that neighbours in the list differ. */
export function personColour(index: number, dark: boolean): Rgb {
  const hue = (index * 137.508) % 360;
  const lightness = (dark ? 0.66 : 0.44) + [0, -0.1, 0.1][index % 3]!;
  const chroma = 0.62 * Math.min(lightness, 1 - lightness);
  const channel = (shift: number) => {
    const turn = (shift + hue / 30) % 12;
    return 255 * (lightness - chroma * Math.max(-1, Math.min(turn - 3, 9 - turn, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

/** The end of the angle scale that several snapshots share, a multiple of ten degrees. */
export const angleScale = (frames: readonly EmbeddingFrame[]): number =>
  Math.max(
    10,
    ...frames.map(
      ({ angleDegrees }) =>
        Math.ceil(angleDegrees.reduce<number>((largest, angle) => Math.max(largest, angle ?? 0), 0) / 10) * 10,
    ),
  );

/** Colours rows by person, part, correctness or angle to the person's mean (0 to `most` degrees). */
export function rowColours({
  rows,
  frame,
  by,
  palette,
  most,
}: {
  readonly rows: readonly EmbeddingRow[];
  readonly frame: EmbeddingFrame;
  readonly by: ColourBy;
  readonly palette: Palette;
  readonly most: number;
}): RowColours {
  const none = palette.of('part-left-out');
  const grouped = (
    groups: readonly { readonly label: string; readonly colour: Rgb; readonly has: (row: EmbeddingRow) => boolean }[],
  ): RowColours => {
    const filled = groups.map((group) => ({ ...group, rows: [] as number[] }));
    const colours = rows.map((row, at) => {
      const group = filled.find((candidate) => candidate.has(row));
      group?.rows.push(at);
      return group?.colour ?? none;
    });
    return {
      colours,
      entries: filled
        .filter((group) => group.rows.length > 0)
        .map(({ label, colour, rows: own }) => ({ label, colour: cssOf(colour), rows: own })),
      scale: null,
    };
  };
  switch (by) {
    case 'person': {
      const own = rowsByPerson(rows);
      const colourOf = new Map([...own.keys()].map((identity, index) => [identity, personColour(index, palette.dark)]));
      return {
        colours: rows.map(({ identity }) => colourOf.get(identity)!),
        entries: [...own].map(([label, at]) => ({ label, colour: cssOf(colourOf.get(label)!), rows: at })),
        scale: null,
      };
    }
    case 'part':
      return grouped(
        partNames.map((part) => ({ label: part, colour: palette.of(`part-${part}`), has: (row) => row.part === part })),
      );
    case 'correct':
      return grouped([
        { label: 'correct', colour: palette.of('good'), has: (row) => row.correct === true },
        { label: 'wrong', colour: palette.of('bad'), has: (row) => row.correct === false },
        { label: 'not a test picture', colour: none, has: (row) => row.correct === null },
      ]);
    case 'angle': {
      const stops = [palette.of('arm-1'), palette.of('arm-5'), palette.of('bad')];
      return {
        colours: frame.angleDegrees.map((angle) => {
          if (angle === null) return none;
          const at = Math.min(1, angle / most) * (stops.length - 1);
          return mixed(stops[Math.floor(at)]!, stops[Math.min(stops.length - 1, Math.floor(at) + 1)]!, at % 1);
        }),
        entries: [],
        scale: { most, stops },
      };
    }
  }
}

/** What stands out: the chosen row, its neighbours in this cloud and in the other cloud, and the marked rows. */
export interface Emphasis {
  readonly chosen: number | null;
  readonly own: readonly number[];
  readonly others: readonly number[];
  readonly marked: readonly number[];
}

/** Pixels: the more points there are, the smaller they are. */
function pointSize(points: number): number {
  if (points > 20_000) return 2.5;
  if (points > 4000) return 3.5;
  return points > 800 ? 4.5 : 5.8;
}

/** Colours and sizes for the scene. Where something stands out, all other points fade into the background. */
export function paintCloud(
  colours: readonly Rgb[],
  { chosen, own, others, marked }: Emphasis,
  { back, ink }: { readonly back: Rgb; readonly ink: Rgb },
): CloudPaint {
  const base = pointSize(colours.length);
  const steppedBack = chosen !== null || marked.length > 0;
  const bytes = new Uint8Array(colours.length * 3);
  const sizes = new Float32Array(colours.length).fill(base);
  colours.forEach((colour, row) => bytes.set(steppedBack ? mixed(colour, back, 0.8) : colour, row * 3));
  const raise = (rows: readonly number[], size: number) => {
    for (const row of rows) {
      bytes.set(colours[row]!, row * 3);
      sizes[row] = size;
    }
  };
  raise(marked, Math.max(base, marked.length > 2000 ? base : 6.5));
  raise(others, 7);
  raise(own, 10);
  if (chosen !== null) {
    raise([chosen], 14);
    bytes.set(ink, chosen * 3);
  }
  return { colours: bytes, sizes };
}
