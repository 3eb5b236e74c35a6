import type { RandomStream } from '../../../src-shared/maths/random.ts';

export interface Neighbours {
  /** [points, count], nearest first. */
  readonly indexes: Int32Array;
  readonly squaredDistances: Float64Array;
}

const comparedWithAll = 5000; // points
const probes = 16;
const shareOfCells = 0.1; // of the time, what putting rows into cells takes

/**
 * The `count` nearest other rows of each row of [points, size], by Euclidean distance. Above 5,000 points only rows in
 * the cells of the 16 nearest of √points drawn pivots are compared (an inverted file, Jégou et al. 2011, section IV),
 * which misses few in clustered data.
 */
export function nearestNeighbours(
  rows: Float32Array,
  size: number,
  {
    count,
    random,
    onProgress,
  }: {
    readonly count: number;
    readonly random: RandomStream;
    readonly onProgress?: ((share: number) => void) | undefined;
  },
): Neighbours {
  const points = rows.length / size;
  const indexes = new Int32Array(points * count);
  const squaredDistances = new Float64Array(points * count);
  const pivots =
    points <= comparedWithAll
      ? [0]
      : random.shuffle(Array.from({ length: points }, (_, row) => row)).slice(0, Math.round(Math.sqrt(points)));
  const squared = (a: number, b: number) => {
    let sum = 0;
    for (let i = a * size, j = b * size, end = i + size; i < end; i++, j++) {
      const difference = rows[i]! - rows[j]!;
      sum += difference * difference; // ** calls pow, ten times as slow
    }
    return sum;
  };
  const cells: number[][] = pivots.map(() => []);
  const order = Array.from({ length: points }, (_, row) => {
    const distances = pivots.map((pivot) => squared(row, pivot));
    const nearest = [...pivots.keys()].sort((a, b) => distances[a]! - distances[b]!).slice(0, probes);
    cells[nearest[0]!]!.push(row);
    onProgress?.((shareOfCells * (row + 1)) / points);
    return Uint16Array.from(nearest);
  });
  /** Fills a row's neighbours from some cells and returns how many it found. */
  const search = (row: number, searched: readonly number[][]): number => {
    const first = row * count;
    let found = 0;
    for (const cell of searched) {
      for (const other of cell) {
        if (other === row) continue;
        const distance = squared(row, other);
        if (found === count && distance >= squaredDistances[first + count - 1]!) continue;
        let place = found < count ? found++ : count - 1;
        for (; place > 0 && squaredDistances[first + place - 1]! > distance; place--) {
          squaredDistances[first + place] = squaredDistances[first + place - 1]!;
          indexes[first + place] = indexes[first + place - 1]!;
        }
        squaredDistances[first + place] = distance;
        indexes[first + place] = other;
      }
    }
    return found;
  };
  order.forEach((near, row) => {
    if (
      search(
        row,
        Array.from(near, (cell) => cells[cell]!),
      ) < count
    )
      search(row, cells);
    onProgress?.(shareOfCells + ((1 - shareOfCells) * (row + 1)) / points);
  });
  return { indexes, squaredDistances };
}
