import type { RankIdentification } from '../../src-shared/evaluation.ts';
import { cumulativeMatch, type RankRate } from '../../src-shared/maths/cumulativeMatch.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { runPasses, type HeldOut, type OnePassMeasure } from './pairPasses.ts';

interface RankInput extends Pick<HeldOut, 'query' | 'distractors'> {
  /** Seed of the order in which distractors are added. */
  readonly seed: number;
}

/** The ranks of rankIdentification, from a pass of their own. */
export function identifyByRank(input: RankInput & HeldOut): RankIdentification | null {
  const measure = rankIdentification(input);
  runPasses(input, measure ? [measure.pass] : []);
  return measure && measure.result();
}

/**
 * Rank of the right person for query pictures against a gallery of one picture per query person and a growing number of
 * distractors: none, then ten times as many each time, drawn by the seed (as arXiv 1512.00596 asks). Ties count against
 * the right person. Null where no person has two pictures.
 */
export function rankIdentification({
  query: { labels },
  distractors,
  seed,
}: RankInput): OnePassMeasure<RankIdentification> | null {
  // The first picture of each person is the gallery; the others are looked for in it.
  const galleryOf = new Map<number, number>();
  labels.forEach((label, row) => {
    if (!galleryOf.has(label)) galleryOf.set(label, row);
  });
  const gallery = Int32Array.from(galleryOf.values());
  const ownOf = Int32Array.from(labels, (label) => galleryOf.get(label)!);
  const probeOf = new Int32Array(labels.length).fill(-1);
  let probes = 0;
  for (let row = 0; row < labels.length; row++) if (ownOf[row] !== row) probeOf[row] = probes++;
  if (probes === 0) return null;

  const milestones = milestonesOf(distractors.labels.length);
  const stepOf = stepsOfDistractors(milestones, seed);
  const own = new Float32Array(probes);
  const ranks = milestones.map(() => new Int32Array(probes));
  return {
    pass: {
      withQuery(row, cosines) {
        const probe = probeOf[row]!;
        if (probe < 0) return;
        const bar = cosines[ownOf[row]!]!;
        let rivals = 0;
        // Negated, so that NaN counts against the right person. Their own picture is among those counted.
        for (const place of gallery) if (!(cosines[place]! < bar)) rivals++;
        own[probe] = bar;
        for (const ofStep of ranks) ofStep[probe] = rivals;
      },
      withDistractors(row, cosines) {
        const probe = probeOf[row]!;
        if (probe < 0) return;
        const bar = own[probe]!;
        const rivals = new Int32Array(milestones.length);
        for (let at = 0; at < cosines.length; at++) if (!(cosines[at]! < bar)) rivals[stepOf[at]!]!++;
        let above = 0;
        for (let step = 1; step < milestones.length; step++) {
          above += rivals[step]!;
          ranks[step]![probe]! += above;
        }
      },
    },
    result: () => ({
      probes,
      gallery: gallery.length,
      byDistractors: milestones.map((number, step) => {
        const [rank1, rank5] = cumulativeMatch(ranks[step]!, [1, 5]) as [RankRate, RankRate];
        return { distractors: number, rank1, rank5 };
      }),
      cumulative: cumulativeMatch(
        ranks.at(-1)!,
        Array.from({ length: 20 }, (_, index) => index + 1),
      ),
    }),
  };
}

/** The growing numbers of distractors: 0, 1, 10, 100 and so on, then all. */
const milestonesOf = (total: number): number[] => [
  ...new Set([0, ...Array.from({ length: 9 }, (_, power) => 10 ** power).filter((number) => number < total), total]),
];

/** From which milestone on each distractor is among those drawn. */
function stepsOfDistractors(milestones: readonly number[], seed: number): Uint8Array {
  const total = milestones.at(-1)!;
  const order = randomStream(seed, 'distractors').shuffle(Array.from({ length: total }, (_, row) => row));
  const stepOf = new Uint8Array(total);
  let step = 1;
  for (const [place, row] of order.entries()) {
    while (place >= milestones[step]!) step++;
    stepOf[row] = step;
  }
  return stepOf;
}
