import { ArcBenchError } from '../../src-shared/errors.ts';
import { wilsonInterval, type Interval } from '../../src-shared/maths/statistics.ts';

export interface ClosedSetInput {
  /** [n][classes]; of a margin head: the cosines without margin */
  readonly logits: Float32Array;
  readonly labels: Int32Array;
  readonly classes: number;
}

export interface ClosedSetAccuracy {
  readonly correct: number;
  readonly total: number;
  readonly accuracy: number;
  /** Wilson, 95 %. */
  readonly interval: Interval;
}

/** Top-k accuracy over the classes seen in training; a class that ties with the right one, or is not a number, counts as ranked above it. */
export function topK(input: ClosedSetInput, k: number): ClosedSetAccuracy {
  const { logits, labels, classes } = input;
  if (logits.length !== labels.length * classes) throw new ArcBenchError('failed', `${logits.length} logits are not ${labels.length} rows of ${classes} classes: score the images with the head they were trained with.`);
  let correct = 0;
  for (const [row, label] of labels.entries()) {
    if (label < 0 || label >= classes) throw new ArcBenchError('failed', `Label ${label} of row ${row} is none of the ${classes} classes: evaluate the split that the run was trained on.`);
    const own = logits[row * classes + label]!;
    let above = 0;
    for (let index = 0; index < classes; index++) {
      if (index !== label && !(logits[row * classes + index]! < own)) above++;
    }
    if (above < k && !Number.isNaN(own)) correct++;
  }
  return { correct, total: labels.length, accuracy: labels.length === 0 ? NaN : correct / labels.length, interval: wilsonInterval(correct, labels.length) };
}
