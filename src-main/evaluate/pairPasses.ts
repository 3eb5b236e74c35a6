import { similarityRows } from '../engine/similarityBlocks.ts';

/** Unit embeddings [images, size] of held-out people, with the person of each row. */
export interface HeldOutRows {
  readonly units: Float32Array;
  readonly labels: Int32Array;
}

export interface HeldOut {
  readonly query: HeldOutRows;
  readonly distractors: HeldOutRows;
  readonly size: number;
}

/** Looks at the cosines of all held-out pairs. The array of a row is valid until the next row. */
export interface PairPass {
  /** Gets the cosines of each query picture with all query pictures, itself included. */
  readonly withQuery: (row: number, cosines: Float32Array) => void;
  /** Gets the cosines of each query picture with all distractors, after all rows of `withQuery`. */
  readonly withDistractors: (row: number, cosines: Float32Array) => void;
}

/** A measure that looks at all pairs once. */
export interface OnePassMeasure<Result> {
  readonly pass: PairPass;
  readonly result: () => Result;
}

/** A measure that looks at all pairs twice: the second pass needs what the first one has counted. */
export interface TwoPassMeasure<Result> {
  readonly first: PairPass;
  /** Null if the first pass has found nothing to measure. */
  readonly second: () => OnePassMeasure<Result> | null;
}

/** Computes the cosines of all pairs once, in blocks of bounded memory, and shows them to every pass. */
export function runPasses({ query, distractors, size }: HeldOut, passes: readonly PairPass[]): void {
  if (passes.length === 0) return;
  for (const { row, similarities } of similarityRows(query.units, query.units, size))
    for (const pass of passes) pass.withQuery(row, similarities);
  for (const { row, similarities } of similarityRows(query.units, distractors.units, size))
    for (const pass of passes) pass.withDistractors(row, similarities);
}

/** The result of one measure that looks at all pairs twice. */
export function measuredAlone<Result>(heldOut: HeldOut, measure: TwoPassMeasure<Result>): Result | null {
  runPasses(heldOut, [measure.first]);
  const second = measure.second();
  if (second === null) return null;
  runPasses(heldOut, [second.pass]);
  return second.result();
}

/** How many rows each label has. */
export function countsOf(labels: Iterable<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** The number of pairs of rows with one label. */
export const positivePairs = (labels: Int32Array): number =>
  [...countsOf(labels).values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
