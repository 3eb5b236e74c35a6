import type { CurveLine } from './curveLines.ts';

const bandOpacity = 0.16;

/** A point of a band, in pixels. */
type Corner = [x: number, y: number];
/** What ECharts passes where an item of a custom series is drawn. */
interface DrawnItem {
  readonly dataIndexInside: number;
  readonly coordSys: { readonly y: number; readonly height: number };
}
interface DrawnPlaces {
  coord(point: readonly [number, number]): readonly number[];
}

/**
 * The pale band behind the mean of an arm's seeds, as one custom series; none where the line is a single curve. Where
 * the axis is logarithmic, what lies at 0 or below ends at the foot of the chart.
 */
export function bandSeries(
  { key, label, x, colour, dashed, spread }: CurveLine,
  { z, zlevel }: { readonly z: number; readonly zlevel: number },
) {
  if (spread === null) return [];
  const { low, high } = spread.smoothed;
  const data = new Float64Array(3 * x.length);
  x.forEach((place, index) => data.set([place, low[index] ?? Number.NaN, high[index] ?? Number.NaN], 3 * index));
  return [
    {
      type: 'custom',
      id: `band ${key}`,
      name: label,
      dimensions: ['x', 'low', 'high'],
      encode: { x: 0, y: [1, 2] },
      data,
      renderItem: bandShape(x, spread.smoothed, { fill: colour, opacity: dashed ? bandOpacity / 2 : bandOpacity }),
      silent: true,
      clip: true,
      tooltip: { show: false },
      emphasis: { disabled: true },
      z,
      zlevel,
    },
  ];
}

/** Draws the whole band as its first item: a shape of neighbouring points has no seams. */
function bandShape(
  x: readonly number[],
  { low, high }: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] },
  style: { readonly fill: string; readonly opacity: number },
) {
  return ({ dataIndexInside, coordSys }: DrawnItem, api: DrawnPlaces) => {
    if (dataIndexInside !== 0) return undefined;
    const corner = (place: number, value: number): Corner => {
      const [left = Number.NaN, own = Number.NaN] = api.coord([place, value]);
      return [left, Number.isFinite(own) ? own : coordSys.y + coordSys.height];
    };
    const pieces: { readonly upper: Corner[]; readonly lower: Corner[] }[] = [];
    let isOpen = false;
    x.forEach((place, index) => {
      const bottom = low[index] ?? null;
      const peak = high[index] ?? null;
      if (bottom === null || peak === null) {
        isOpen = false;
        return;
      }
      if (!isOpen) pieces.push({ upper: [], lower: [] });
      isOpen = true;
      pieces.at(-1)!.upper.push(corner(place, peak));
      pieces.at(-1)!.lower.push(corner(place, bottom));
    });
    return {
      type: 'group',
      children: pieces.map(({ upper, lower }) => ({
        type: 'polygon',
        shape: { points: [...upper, ...lower.reverse()] },
        style,
      })),
    };
  };
}
