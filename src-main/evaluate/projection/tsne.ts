import { principalComponents } from '../../../src-shared/maths/principalComponents.ts';
import { randomStream } from '../../../src-shared/maths/random.ts';
import { nearestNeighbours } from './nearestNeighbours.ts';
import { repulsion } from './repulsion.ts';

export interface TsneOptions {
  readonly dimensions: 2 | 3;
  readonly perplexity: number;
  readonly seed: number;
  readonly onProgress?: (share: number) => void;
}

const iterations = 500;
const shareOfNeighbours = 0.3; // of the time, what their search takes with many points
const exaggeration = { factor: 12, until: 250 } as const;

/**
 * t-SNE of rows [points, size] by Barnes and Hut (van der Maaten, JMLR 15, 2014), begun at the first principal
 * components and with a step of points / 12 (Kobak and Berens, 2019; Belkina et al., 2019); returns [points,
 * dimensions]. At most 2^20 points.
 */
export function tsne(
  rows: Float32Array,
  size: number,
  { dimensions, perplexity, seed, onProgress }: TsneOptions,
): Float32Array {
  const points = rows.length / size;
  const { starts, others, shares } = similarities(rows, size, {
    perplexity,
    seed,
    onProgress: (share) => onProgress?.(shareOfNeighbours * share),
  });
  const begin = principalComponents(rows, size, { components: Math.min(dimensions, size), seed }).scores;
  const spread =
    Math.sqrt(begin.reduce((sum, value, at) => sum + (at % dimensions === 0 ? value * value : 0), 0) / points) || 1;
  const random = randomStream(seed, 't-SNE');
  // A little noise parts points that coincide, and spans a third axis that the rows may lack.
  const places = Float64Array.from(
    { length: points * dimensions },
    (_, at) => ((size < dimensions ? 0 : begin[at]! / spread) + 0.01 * random.normal()) * 1e-4,
  );
  const forces = new Float64Array(places.length);
  const moves = new Float64Array(places.length);
  const gains = new Float64Array(places.length).fill(1);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const early = iteration < exaggeration.until;
    const factor = early ? exaggeration.factor : 1;
    const rate = Math.max(50, points / exaggeration.factor);
    const total = repulsion(places, dimensions, forces);
    for (let point = 0; point < points; point++) {
      for (let axis = 0; axis < dimensions; axis++) forces[point * dimensions + axis]! /= -total;
      for (let entry = starts[point]!; entry < starts[point + 1]!; entry++) {
        const other = others[entry]!;
        let squared = 1;
        for (let axis = 0; axis < dimensions; axis++) {
          const difference = places[point * dimensions + axis]! - places[other * dimensions + axis]!;
          squared += difference * difference;
        }
        const pull = (factor * shares[entry]!) / squared;
        for (let axis = 0; axis < dimensions; axis++)
          forces[point * dimensions + axis]! +=
            pull * (places[point * dimensions + axis]! - places[other * dimensions + axis]!);
      }
    }
    for (let at = 0; at < places.length; at++) {
      const gradient = 4 * forces[at]!;
      gains[at] = Math.max(0.01, Math.sign(gradient) === Math.sign(moves[at]!) ? gains[at]! * 0.8 : gains[at]! + 0.2);
      moves[at] = (early ? 0.5 : 0.8) * moves[at]! - rate * gains[at]! * gradient;
    }
    for (let at = 0; at < places.length; at++) places[at]! += moves[at]!;
    onProgress?.(shareOfNeighbours + ((1 - shareOfNeighbours) * (iteration + 1)) / iterations);
  }
  return Float32Array.from(places);
}

/**
 * The joint probabilities p_ij of neighbours (equations 1 and 2 of the paper), row by row: those of row i stand from
 * starts[i] to starts[i + 1].
 */
function similarities(
  rows: Float32Array,
  size: number,
  { perplexity, seed, onProgress }: Pick<TsneOptions, 'perplexity' | 'seed' | 'onProgress'>,
): { readonly starts: Uint32Array; readonly others: Uint32Array; readonly shares: Float64Array } {
  const points = rows.length / size;
  const count = Math.min(points - 1, Math.floor(3 * perplexity));
  const { indexes, squaredDistances } = nearestNeighbours(rows, size, {
    count,
    random: randomStream(seed, 't-SNE', 'neighbours'),
    onProgress,
  });
  const joint = Array.from({ length: points }, () => new Map<number, number>());
  for (let point = 0; point < points; point++) {
    const weights = perplexWeights(squaredDistances.subarray(point * count, (point + 1) * count), perplexity);
    weights.forEach((weight, place) => {
      const other = indexes[point * count + place]!;
      for (const [a, b] of [
        [point, other],
        [other, point],
      ] as const)
        joint[a]!.set(b, (joint[a]!.get(b) ?? 0) + weight / (2 * points));
    });
  }
  const starts = new Uint32Array(points + 1);
  joint.forEach((row, point) => {
    starts[point + 1] = starts[point]! + row.size;
  });
  const others = new Uint32Array(starts[points]!);
  const shares = new Float64Array(starts[points]!);
  joint.forEach((row, point) =>
    [...row].forEach(([other, share], place) => {
      others[starts[point]! + place] = other;
      shares[starts[point]! + place] = share;
    }),
  );
  return { starts, others, shares };
}

/**
 * Normal weights of neighbours at these squared distances, nearest first, with a width that gives the perplexity; they
 * add up to 1.
 */
function perplexWeights(squaredDistances: Float64Array, perplexity: number): Float64Array {
  const nearest = squaredDistances[0]!;
  let precision = 1;
  let low = 0;
  let high = Infinity;
  let weights = squaredDistances;
  for (let attempt = 0; attempt < 100; attempt++) {
    weights = squaredDistances.map((squared) => Math.exp(-(squared - nearest) * precision));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const entropy =
      Math.log(sum) +
      (precision * weights.reduce((total, weight, place) => total + weight * (squaredDistances[place]! - nearest), 0)) /
        sum;
    weights = weights.map((weight) => weight / sum);
    if (Math.abs(entropy - Math.log(perplexity)) < 1e-5) break;
    if (entropy > Math.log(perplexity)) {
      low = precision;
      precision = high === Infinity ? precision * 2 : (precision + high) / 2;
    } else {
      high = precision;
      precision = (precision + low) / 2;
    }
  }
  return weights;
}
