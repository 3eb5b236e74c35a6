import { mean } from '../../../src-shared/maths/statistics.ts';

export interface BandPoint {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean, lowest and highest of several runs at each x, over the runs that have that x. */
export function seedBand(runs: readonly (readonly (readonly [x: number, y: number])[])[]): BandPoint[] {
  const byX = new Map<number, number[]>();
  for (const points of runs) for (const [x, y] of points) byX.set(x, [...(byX.get(x) ?? []), y]);
  return [...byX]
    .sort(([a], [b]) => a - b)
    .map(([x, ys]) => ({ x, mean: mean(ys), low: Math.min(...ys), high: Math.max(...ys) }));
}
