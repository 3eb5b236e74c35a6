import { weighedThreshold, type WeighedThreshold } from '../../src-shared/maths/peopleRate.ts';
import { edgesOfBin } from './similarityBins.ts';

/** The cosines of one bin, which a threshold is looked for in. */
export interface CosinesOfBin {
  /** Adds a cosine of this bin, with the weight of its pair. */
  add(cosine: number, weight: number): void;
  /** The cosine that `rank` others of the bin come before, from the largest on. */
  at(rank: number): number;
  /** The cosine that pairs of at most the allowed weight exceed. `heavier` are those above the bin. */
  threshold(allowed: number, heavier: { readonly weight: number; readonly count: number }): WeighedThreshold;
}

const mostKept = 2 ** 22; // cosines: 48 MiB with their weights
const mostCounted = 2 ** 22; // different float32 values: 64 MiB of counts and weights

/**
 * Makes a list for `count` cosines of a bin. If they are very many, as those of a network that gives nearly the same
 * embedding for every face, it counts how often each float32 value occurs instead of keeping them.
 */
export function cosinesOfBin(bin: number, count: number, most = mostKept): CosinesOfBin {
  const { low, high } = edgesOfBin(bin);
  const lowest = placeOf(low);
  const values = placeOf(high) - lowest + 1;
  // A bin next to 0 has too many values: float32 is finer there than the bins by far.
  return count > most && values <= mostCounted ? countedCosines(lowest, values) : keptCosines(count);
}

function keptCosines(count: number): CosinesOfBin {
  const similarities = new Float32Array(count);
  const weights = new Float64Array(count);
  let filled = 0;
  let isSorted = false;
  return {
    add(cosine, weight) {
      similarities[filled] = cosine;
      weights[filled++] = weight;
    },
    at(rank) {
      if (!isSorted) similarities.sort().reverse();
      isSorted = true;
      return similarities[rank] ?? Number.NEGATIVE_INFINITY;
    },
    threshold: (allowed, heavier) => weighedThreshold({ similarities, weights }, allowed, heavier),
  };
}

function countedCosines(lowest: number, values: number): CosinesOfBin {
  const counts = new Float64Array(values);
  const weightOf = new Float64Array(values);
  return {
    add(cosine, weight) {
      const place = placeOf(cosine) - lowest;
      counts[place]!++;
      weightOf[place]! += weight;
    },
    at(rank) {
      let above = 0;
      for (let place = values - 1; place >= 0; place--) {
        above += counts[place]!;
        if (above > rank) return valueAt(lowest + place);
      }
      return Number.NEGATIVE_INFINITY;
    },
    threshold(allowed, heavier) {
      let { weight, count } = heavier;
      for (let place = values - 1; place >= 0; place--) {
        if (counts[place] === 0) continue;
        if (weight + weightOf[place]! > allowed) return { threshold: valueAt(lowest + place), above: count };
        weight += weightOf[place]!;
        count += counts[place]!;
      }
      return { threshold: Number.NEGATIVE_INFINITY, above: count };
    },
  };
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The place of a float32 value among all of them: neighbouring values have neighbouring places. */
function placeOf(value: number): number {
  float[0] = value;
  const own = bits[0]!;
  return own >= 0 ? own : -(own & 0x7fffffff);
}

function valueAt(place: number): number {
  bits[0] = place >= 0 ? place : -place | 0x80000000;
  return float[0]!;
}
