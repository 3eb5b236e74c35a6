import type { RankIdentification } from '../../src-shared/evaluation.ts';
import { cumulativeMatch, type RankRate } from '../../src-shared/maths/cumulativeMatch.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { rowsOf, type EmbeddedImages } from './embedImages.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';

/**
 * Rank of the right person for query pictures against a gallery of one picture per query person and a growing number of
 * distractors: none, then ten times as many each time, drawn by the seed (as arXiv 1512.00596 asks). Ties count against
 * the right person. Null where no person has two pictures.
 */
export function identifyByRank(
  query: EmbeddedImages,
  distractors: EmbeddedImages,
  { size, seed }: { readonly size: number; readonly seed: number },
): RankIdentification | null {
  const first = new Map<number, number>();
  query.labels.forEach((label, position) => {
    if (!first.has(label)) first.set(label, position);
  });
  const probes = rowsOf(
    query,
    Array.from(query.labels.keys()).filter((position) => first.get(query.labels[position]!) !== position),
  );
  if (probes.indexes.length === 0) return null;
  const gallery = rowsOf(query, [...first.values()]);
  const placeOf = new Map([...first.keys()].map((label, place) => [label, place]));
  const count = probes.indexes.length;
  const own = new Float32Array(count);
  const above = new Int32Array(count);
  const atLeast = (
    similarities: Float32Array,
    bar: number,
    { from, to }: { readonly from: number; readonly to: number },
  ) => {
    let found = 0;
    for (let at = from; at < to; at++) if (!(similarities[at]! < bar)) found++;
    return found;
  };
  for (const { row, similarities } of similarityRows(probes.units, gallery.units, size)) {
    own[row] = similarities[placeOf.get(probes.labels[row]!)!]!;
    above[row] = atLeast(similarities, own[row]!, { from: 0, to: similarities.length }) - 1; // itself among them
  }
  const total = distractors.indexes.length;
  const milestones = [
    ...new Set([0, ...Array.from({ length: 9 }, (_, power) => 10 ** power).filter((number) => number < total), total]),
  ];
  const others = rowsOf(distractors, randomStream(seed, 'distractors').shuffle(Array.from(distractors.indexes.keys())));
  const ranks = milestones.map(() => Int32Array.from(above, (rivals) => rivals + 1));
  for (const { row, similarities } of similarityRows(probes.units, others.units, size)) {
    for (let step = 1, rivals = 0; step < milestones.length; step++) {
      rivals += atLeast(similarities, own[row]!, { from: milestones[step - 1]!, to: milestones[step]! });
      ranks[step]![row]! += rivals;
    }
  }
  return {
    probes: count,
    gallery: gallery.indexes.length,
    byDistractors: milestones.map((number, step) => {
      const [rank1, rank5] = cumulativeMatch(ranks[step]!, [1, 5]) as [RankRate, RankRate];
      return { distractors: number, rank1, rank5 };
    }),
    cumulative: cumulativeMatch(
      ranks.at(-1)!,
      Array.from({ length: 20 }, (_, index) => index + 1),
    ),
  };
}
