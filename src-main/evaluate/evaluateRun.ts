import { identificationRates, type IdentificationRate } from '../../src-shared/maths/identificationRate.ts';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { inferenceBatches, type LabelledImages } from '../train/trainRun.ts';
import { identificationScores } from './identificationScores.ts';
import { targetRank } from './targetRank.ts';

export interface Rate { readonly correct: number; readonly total: number; readonly value: number; readonly low: number; readonly high: number }
export interface ClosedSetAccuracy { readonly top1: Rate; readonly top5: Rate }
export interface Evaluation {
  readonly accuracy: { readonly val: ClosedSetAccuracy | null; readonly test: ClosedSetAccuracy | null };
  readonly identification: { readonly positives: number; readonly negatives: number; readonly rates: readonly IdentificationRate[] } | null;
  /** Unit embeddings of test, query and distractors, row by row, with what each row shows. */
  readonly embeddings: { readonly size: number; readonly values: Float32Array; readonly rows: readonly { readonly index: number; readonly part: 'test' | 'query' | 'distractors' }[] };
}

export interface EvaluateOptions {
  readonly machine: Machine;
  readonly packed: PackedImages;
  readonly batchSize: number;
  readonly size: number;
  readonly embeddingSize: number;
  readonly flip: boolean;
  readonly falsePositiveRates: readonly number[];
  readonly val: LabelledImages;
  readonly test: LabelledImages;
  readonly query: LabelledImages;
  readonly distractors: LabelledImages;
}

function rateOf(correct: number, total: number): Rate {
  return { correct, total, value: correct / total, ...wilsonInterval(correct, total) };
}

/** Top-1 and top-5 of labelled images and their unit embeddings (original plus mirrored where asked). */
function judge(options: EvaluateOptions, images: LabelledImages): { accuracy: ClosedSetAccuracy | null; embeddings: Float32Array } {
  const { machine, packed, batchSize, size, embeddingSize, flip } = options;
  const embeddings = new Float32Array(images.indexes.length * embeddingSize);
  let [first, fifth] = [0, 0];
  for (const batch of inferenceBatches(machine, packed, { images, batchSize, size })) {
    const mirrored = flip ? machine.step('mirrored', { images: batch.pixels })['embeddings'] : undefined;
    const classes = batch.scores.length / batchSize;
    for (let row = 0; row < batch.count; row++) {
      const rank = targetRank(batch.scores.subarray(row * classes, (row + 1) * classes), images.labels[batch.offset + row] as number);
      if (rank === 1) first++;
      if (rank <= 5) fifth++;
      const unit = embeddings.subarray((batch.offset + row) * embeddingSize, (batch.offset + row + 1) * embeddingSize);
      let squares = 0;
      for (let column = 0; column < embeddingSize; column++) {
        unit[column] = (batch.embeddings[row * embeddingSize + column] as number) + (mirrored?.[row * embeddingSize + column] ?? 0);
        squares += (unit[column] as number) ** 2;
      }
      const norm = Math.sqrt(squares) || 1;
      for (let column = 0; column < embeddingSize; column++) unit[column] = (unit[column] as number) / norm;
    }
  }
  const total = images.indexes.length;
  return { accuracy: total === 0 ? null : { top1: rateOf(first, total), top5: rateOf(fifth, total) }, embeddings };
}

/** Judges the weights in the machine on val, test, query and distractors, each once. */
export function evaluateRun(options: EvaluateOptions): Evaluation {
  const { embeddingSize: size } = options;
  const val = judge(options, options.val);
  const test = judge(options, options.test);
  // Held-out people have no class: their labels name persons, not classes, and their class scores are not read.
  const embed = (images: LabelledImages) => judge(options, { indexes: images.indexes, labels: new Int32Array(images.indexes.length) }).embeddings;
  const query = embed(options.query);
  const distractors = embed(options.distractors);
  const { positives, negatives } = identificationScores({ query, queryLabels: options.query.labels, distractors, size });
  const rows = [
    ...options.test.indexes.map((index) => ({ index, part: 'test' as const })),
    ...options.query.indexes.map((index) => ({ index, part: 'query' as const })),
    ...options.distractors.indexes.map((index) => ({ index, part: 'distractors' as const })),
  ];
  const values = new Float32Array(rows.length * size);
  values.set(test.embeddings);
  values.set(query, test.embeddings.length);
  values.set(distractors, test.embeddings.length + query.length);
  return {
    accuracy: { val: val.accuracy, test: test.accuracy },
    identification: positives.length === 0 || negatives.length === 0 ? null
      : { positives: positives.length, negatives: negatives.length, rates: identificationRates(positives, negatives, options.falsePositiveRates) },
    embeddings: { size, values, rows },
  };
}
