import type { RunScale } from '../../../src-shared/answers/trialAnswers.ts';
import { randomStream } from '../../../src-shared/maths/random.ts';

/** Bins from -1 to 1. */
export const scaleBins = 200;
const mostRows = 2000; // two million pairs, which take a second or two

/** Unit embeddings [rows, size] with the person of each row. */
export interface ScaleRows {
  readonly units: Float32Array;
  readonly size: number;
  readonly identities: readonly string[];
}

/**
 * Counts the cosines of all pairs of rows: pairs of one person, and pairs of two. Where there are many rows, a seeded
 * sample of them is taken.
 */
export function pairScale({ units, size, identities }: ScaleRows): Pick<RunScale, 'same' | 'different' | 'sampled'> {
  const rows = sampleOf(identities.length);
  const same = new Array<number>(scaleBins).fill(0);
  const different = new Array<number>(scaleBins).fill(0);
  for (const [place, row] of rows.entries()) {
    for (let before = 0; before < place; before++) {
      const other = rows[before]!;
      let cosine = 0;
      for (let column = 0; column < size; column++)
        cosine += units[row * size + column]! * units[other * size + column]!;
      const bin = Math.min(scaleBins - 1, Math.max(0, Math.floor(((cosine + 1) * scaleBins) / 2)));
      (identities[row] === identities[other] ? same : different)[bin]!++;
    }
  }
  return { same, different, sampled: rows.length < identities.length };
}

function sampleOf(count: number): readonly number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  if (count <= mostRows) return rows;
  // Neighbouring rows are of one person: runs of rows keep pairs of one person in the sample.
  const random = randomStream(1, 'try', 'scale');
  const run = 20;
  const starts = Array.from({ length: Math.ceil(count / run) }, (_, at) => ({ at: at * run, draw: random.next() }));
  return starts
    .toSorted((a, b) => a.draw - b.draw)
    .slice(0, mostRows / run)
    .flatMap(({ at }) => rows.slice(at, at + run));
}
