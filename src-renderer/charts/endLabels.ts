import type { CurveLine } from './curveLines.ts';

/** Up to this many arms are named at the ends of their lines, each once. */
const mostLabelled = 6;
const labelSize = 10; // pixels
const lineHeight = 13; // pixels
const distance = 5; // pixels from the end of a line

/** The line of each arm that has its name: the first that is not dashed. */
function labelledLines(lines: readonly CurveLine[]): readonly CurveLine[] {
  const first = new Map<string, CurveLine>();
  for (const line of lines) if (!line.dashed && !first.has(line.armName)) first.set(line.armName, line);
  return first.size > 1 && first.size <= mostLabelled ? [...first.values()] : [];
}

/** Pixels right of the lines for the names of their arms. */
export function labelRoom(lines: readonly CurveLine[]): number {
  const names = labelledLines(lines).map(({ armName }) => armName);
  return names.length === 0 ? 14 : Math.min(104, 14 + 5.5 * Math.max(...names.map((name) => name.length)));
}

/**
 * Moves labels apart that would cover one another: each at least `height` below the one above it, as near to its wanted
 * place as that allows, within `from` and `to`. The order is kept. Null where they do not all fit.
 */
export function placesApart(
  wanted: readonly number[],
  { height, from, to }: { readonly height: number; readonly from: number; readonly to: number },
): readonly number[] | null {
  if (wanted.length * height > to - from + height) return null;
  const order = [...wanted.keys()].sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  // Groups of labels that touch; each lies around the mean of what its labels want.
  const groups: { wanted: number[]; start: number }[] = [];
  const startOf = (own: readonly number[]): number => {
    const mean = own.reduce((sum, place, at) => sum + place - at * height, 0) / own.length;
    return Math.min(to - (own.length - 1) * height, Math.max(from, mean));
  };
  for (const index of order) {
    let group = { wanted: [wanted[index]!], start: startOf([wanted[index]!]) };
    for (let above = groups.at(-1); above && above.start + above.wanted.length * height > group.start;) {
      groups.pop();
      const joined = [...above.wanted, ...group.wanted];
      group = { wanted: joined, start: startOf(joined) };
      above = groups.at(-1);
    }
    groups.push(group);
  }
  const placed = groups.flatMap(({ wanted: own, start }) => own.map((_, at) => start + at * height));
  const places = new Array<number>(wanted.length);
  for (const [at, index] of order.entries()) places[index] = placed[at]!;
  return places;
}

/** What ECharts passes where an item of a custom series is drawn. */
interface DrawnItem {
  readonly dataIndexInside: number;
  readonly coordSys: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}
interface DrawnPlaces {
  coord(point: readonly [number, number]): readonly number[];
}

/** The names of arms at the ends of their lines, moved apart, as one custom series; none where they are not named. */
export function endLabelSeries(lines: readonly CurveLine[], z: number) {
  const labelled = labelledLines(lines).filter(({ x }) => x.length > 0);
  if (labelled.length === 0) return [];
  const width = labelRoom(lines) - 10;
  const renderItem = ({ dataIndexInside, coordSys }: DrawnItem, { coord }: DrawnPlaces) => {
    if (dataIndexInside !== 0) return undefined;
    const right = coordSys.x + coordSys.width;
    const ends = labelled.flatMap((line) => {
      const end = visibleEnd(line, (point) => coord(point), right);
      return end === null ? [] : [{ line, ...end }];
    });
    const bounds = { height: lineHeight, from: coordSys.y + 4, to: coordSys.y + coordSys.height - 4 };
    const places = placesApart(
      ends.map(({ top }) => Math.min(bounds.to, Math.max(bounds.from, top))),
      bounds,
    );
    return {
      type: 'group',
      children: (places === null ? [] : ends).map(({ line, left }, at) => ({
        type: 'text',
        style: {
          text: line.armName,
          x: Math.min(left, right) + distance,
          y: places?.[at],
          fill: line.colour,
          fontSize: labelSize,
          textVerticalAlign: 'middle',
          width,
          overflow: 'truncate',
        },
      })),
    };
  };
  return [
    {
      type: 'custom',
      id: 'names of arms',
      name: '',
      dimensions: ['x', 'y'],
      encode: { x: 0, y: 1 },
      data: Float64Array.from([labelled[0]!.x[0]!, Number.NaN]),
      renderItem,
      silent: true,
      clip: false,
      tooltip: { show: false },
      emphasis: { disabled: true },
      z,
      zlevel: 0,
    },
  ];
}

/** Where the visible part of a line ends, in pixels; null where none of it is visible. */
function visibleEnd(
  { x, smoothed }: CurveLine,
  coord: (point: readonly [number, number]) => readonly number[],
  right: number,
): { readonly left: number; readonly top: number } | null {
  const leftOf = (at: number): number => coord([x[at]!, smoothed[at] ?? 0])[0] ?? Number.NaN;
  // The points are in order, and a zoomed line may have most of its hundred thousand right of what is visible.
  let visible = -1;
  let outside = x.length;
  while (outside - visible > 1) {
    const middle = (visible + outside) >> 1;
    if (leftOf(middle) <= right + 1) visible = middle;
    else outside = middle;
  }
  for (let at = visible; at >= 0; at--) {
    const value = smoothed[at] ?? null;
    if (value === null) continue;
    const [left = Number.NaN, top = Number.NaN] = coord([x[at]!, value]);
    if (Number.isFinite(top)) return { left, top };
  }
  return null;
}
