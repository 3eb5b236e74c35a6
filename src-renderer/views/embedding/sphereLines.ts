import type { EmbeddingRow } from '../../../src-shared/answers/embeddingAnswers.ts';
import type { Rgb } from './cloudColours.ts';
import type { CloudLines } from './cloudScene.ts';
import { rowsByPerson } from './rowsByPerson.ts';

const steps = 48; // segments of a circle
type Vector = readonly [number, number, number];

/**
 * The unit sphere's meridians and parallels, a ray to the mean of each class, and around it the cap in which a picture
 * is closer to its class than to any other by at least the margin m: angles up to (φ - m) / 2, where φ is the angle to
 * the nearest other mean. Held-out people are not classes. Points are [rows, 3].
 */
export function sphereLines(
  points: Float32Array,
  rows: readonly EmbeddingRow[],
  {
    colours,
    grid,
    marginRadians,
  }: { readonly colours: readonly Rgb[]; readonly grid: Rgb; readonly marginRadians: number },
): CloudLines {
  const positions = [] as number[];
  const bytes = [] as number[];
  const segment = (from: Vector, to: Vector, colour: Rgb) => {
    positions.push(...from, ...to);
    bytes.push(...colour, ...colour);
  };
  const circle = (axis: Vector, angle: number, colour: Rgb) => {
    const [u, v] = across(axis);
    const at = (step: number): Vector => {
      const c = Math.cos((2 * Math.PI * step) / steps);
      const s = Math.sin((2 * Math.PI * step) / steps);
      return [0, 1, 2].map(
        (i) => axis[i]! * Math.cos(angle) + (u[i]! * c + v[i]! * s) * Math.sin(angle),
      ) as unknown as Vector;
    };
    for (let step = 0; step < steps; step++) segment(at(step), at(step + 1), colour);
  };
  for (let meridian = 0; meridian < 6; meridian++)
    circle([Math.cos((Math.PI * meridian) / 6), 0, Math.sin((Math.PI * meridian) / 6)], Math.PI / 2, grid);
  for (let parallel = 1; parallel < 6; parallel++) circle([0, 1, 0], (Math.PI * parallel) / 6, grid);

  const means = [...rowsByPerson(rows).values()]
    .filter(([first]) => isOfClass(rows[first!]!))
    .map((own) => {
      const sum = [0, 1, 2].map((axis) => own.reduce((total, row) => total + points[row * 3 + axis]!, 0));
      const length = Math.hypot(...sum) || 1;
      return { colour: colours[own[0]!] ?? grid, mean: sum.map((value) => value / length) as unknown as Vector };
    });
  means.forEach(({ colour, mean }, person) => {
    segment([0, 0, 0], mean, colour);
    const nearest = means.reduce(
      (least, other, at) => (at === person ? least : Math.min(least, angleBetween(mean, other.mean))),
      Math.PI,
    );
    const cap = (nearest - marginRadians) / 2;
    if (cap > 0) circle(mean, cap, colour);
  });
  return { positions: Float32Array.from(positions), colours: Uint8Array.from(bytes) };
}

const isOfClass = ({ part }: EmbeddingRow): boolean => part !== 'query' && part !== 'distractors';
const angleBetween = (a: Vector, b: Vector): number =>
  Math.acos(Math.max(-1, Math.min(1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));

/** Two unit vectors at right angles to a third and to one another. */
function across([x, y, z]: Vector): readonly [Vector, Vector] {
  const [a, b, c]: Vector = Math.abs(y) < 0.9 ? [z, 0, -x] : [0, -z, y]; // axis × (0,1,0) or × (1,0,0), up to sign
  const length = Math.hypot(a, b, c);
  const u: Vector = [a / length, b / length, c / length];
  return [u, [y * u[2] - z * u[1], z * u[0] - x * u[2], x * u[1] - y * u[0]]];
}
