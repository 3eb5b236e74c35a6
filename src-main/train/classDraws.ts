import { drawnClasses } from '../../src-shared/drawnClasses.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { LossPlan } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { InputSpec } from '../engine/graph/compileProgram.ts';
import { classificationLoss } from '../loss/classificationLosses.ts';
import { optimizerSlots, slotName } from './optimizerSlots.ts';

export interface ClassDrawOptions {
  readonly loss: LossPlan;
  readonly classes: number;
  readonly embeddingSize: number;
  readonly training: Plan['training'];
}

const inputOf = (rowsPerClass: number) => `classRows/${rowsPerClass}`;

/** Rows of each class in what a loss trains and keeps by class, by name. */
function rowsPerClass({ loss, classes, embeddingSize, training }: ClassDrawOptions): Map<string, number> {
  const options = { plan: loss, classes, embeddingSize };
  const trained = classificationLoss(loss)
    .head(options)
    .flatMap(({ name, rowsPerClass: rows }) =>
      [name, ...optimizerSlots(training.optimizer).map((slot) => slotName(slot, name))].map(
        (own) => [own, rows] as const,
      ),
    );
  const kept = (classificationLoss(loss).state?.(options) ?? []).flatMap(({ name, rowsPerClass: rows }) =>
    rows === undefined ? [] : [[name, rows] as const],
  );
  return new Map([...trained, ...kept]);
}

/**
 * The state of which a step sees the drawn classes alone, by the input that names its rows, and those inputs; both
 * empty where every step has all classes.
 */
export function classRows(options: ClassDrawOptions): {
  readonly rows: ReadonlyMap<string, string>;
  readonly inputs: Readonly<Record<string, InputSpec>>;
} {
  const drawn = drawnClasses(options.training, options.classes);
  if (drawn === null) return { rows: new Map(), inputs: {} };
  const counts = rowsPerClass(options);
  return {
    rows: new Map([...counts].map(([name, rows]) => [name, inputOf(rows)])),
    inputs: Object.fromEntries(
      [...new Set(counts.values())].map((rows) => [inputOf(rows), { shape: [drawn * rows], dtype: 'int32' }]),
    ),
  };
}

/**
 * What a step is fed of classes: the labels of its batch, or, where classes are drawn, the rows of the batch's own
 * classes and of others drawn evenly
 * without replacement, rising, and the labels as places among the drawn (Partial FC, arXiv 2203.15565, section 3). A
 * function of seed, epoch and
 * batch alone, so that arms of one seed draw the same.
 */
export function drawClasses(
  options: ClassDrawOptions,
  labels: Int32Array,
  at: { readonly seed: number; readonly epoch: number; readonly batch: number },
): Record<string, Int32Array> {
  const drawn = drawnClasses(options.training, options.classes);
  if (drawn === null) return { labels };
  const chosen = new Uint8Array(options.classes);
  for (const label of labels) chosen[label] = 1;
  const others = Int32Array.from({ length: options.classes }, (_, label) => label).filter(
    (label) => chosen[label] === 0,
  );
  const random = randomStream(at.seed, 'classes', at.epoch, at.batch);
  for (let place = 0; place < drawn - (options.classes - others.length); place++) {
    // Fisher and Yates, as far as it is needed
    const other = place + random.integer(others.length - place);
    [others[place], others[other]] = [others[other] as number, others[place] as number];
    chosen[others[place] as number] = 1;
  }
  const classes = new Int32Array(drawn);
  const placeOf = new Int32Array(options.classes);
  for (let label = 0, place = 0; label < options.classes; label++) {
    if (chosen[label] === 0) continue;
    classes[place] = label;
    placeOf[label] = place++;
  }
  const rowsOf = (rows: number) =>
    Int32Array.from(
      { length: drawn * rows },
      (_, row) => (classes[Math.floor(row / rows)] as number) * rows + (row % rows),
    );
  return {
    labels: labels.map((label) => placeOf[label] as number),
    ...Object.fromEntries([...new Set(rowsPerClass(options).values())].map((rows) => [inputOf(rows), rowsOf(rows)])),
  };
}
