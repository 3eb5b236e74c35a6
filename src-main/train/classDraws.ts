import { drawnClasses, type Plan } from '../../src-shared/experiment.ts';
import type { LossPlan } from '../../src-shared/losses.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import type { InputSpec } from '../engine/graph/program.ts';
import { classificationLoss } from '../loss/classificationLosses.ts';
import { optimizerSlots, slotName } from './optimizerSlots.ts';

export interface ClassDrawOptions {
  readonly loss: LossPlan;
  readonly classes: number;
  readonly embeddingSize: number;
  readonly training: Plan['training'];
}

const inputOf = (rowsPerClass: number) => `classRows/${rowsPerClass}`;

/** Rows of each class in every state that a loss trains or keeps by class, by the state's name. */
function rowsPerClass({ loss, classes, embeddingSize, training }: ClassDrawOptions): Map<string, number> {
  const options = { plan: loss, classes, embeddingSize };
  const slots = optimizerSlots(training.optimizer);
  const counts = new Map<string, number>();
  for (const { name, rowsPerClass: rows } of classificationLoss(loss).head(options)) {
    counts.set(name, rows);
    for (const slot of slots) counts.set(slotName(slot, name), rows);
  }
  for (const { name, rowsPerClass: rows } of classificationLoss(loss).state?.(options) ?? [])
    if (rows !== undefined) counts.set(name, rows);
  return counts;
}

/**
 * The state of which a step sees only the rows of the drawn classes, each with the input that names its rows, and those
 * inputs. Both are empty where every step has all classes.
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
 * The class inputs of a step: the labels of its batch. Where classes are drawn, the batch's own classes and others
 * drawn evenly without replacement (Partial FC, arXiv 2203.15565, section 3): their rows, rising, and the labels as
 * places among the drawn classes. The draw depends only on seed, epoch and batch, so all arms of one seed draw the
 * same.
 */
export function drawClasses(
  options: ClassDrawOptions,
  labels: Int32Array,
  at: { readonly seed: number; readonly epoch: number; readonly batch: number },
): Record<string, Int32Array> {
  const drawn = drawnClasses(options.training, options.classes);
  if (drawn === null) return { labels };
  const random = randomStream(at.seed, 'classes', at.epoch, at.batch);
  const classes = chooseClasses(labels, { drawn, classes: options.classes, random });
  const placeOf = new Int32Array(options.classes);
  classes.forEach((label, place) => {
    placeOf[label] = place;
  });
  const rowsOf = (rows: number) => {
    const own = new Int32Array(drawn * rows);
    for (let row = 0; row < own.length; row++) own[row] = classes[Math.floor(row / rows)]! * rows + (row % rows);
    return own;
  };
  return {
    labels: labels.map((label) => placeOf[label]!),
    ...Object.fromEntries([...new Set(rowsPerClass(options).values())].map((rows) => [inputOf(rows), rowsOf(rows)])),
  };
}

/** The classes of a batch and others drawn evenly, `drawn` in all, rising. */
function chooseClasses(
  labels: Int32Array,
  { drawn, classes, random }: { readonly drawn: number; readonly classes: number; readonly random: RandomStream },
): Int32Array {
  const isChosen = new Uint8Array(classes);
  for (const label of labels) isChosen[label] = 1;
  const others = labelsWhere(isChosen, 0);
  const wanted = drawn - (classes - others.length);
  // The first steps of a shuffle by Fisher and Yates
  for (let place = 0; place < wanted; place++) {
    const other = place + random.integer(others.length - place);
    const label = others[other]!;
    others[other] = others[place]!;
    others[place] = label;
    isChosen[label] = 1;
  }
  return labelsWhere(isChosen, 1);
}

/** The labels that are chosen (1) or not (0), rising. A plain loop: every step goes over all classes. */
function labelsWhere(isChosen: Uint8Array, wanted: 0 | 1): Int32Array {
  const found = new Int32Array(isChosen.length);
  let count = 0;
  for (let label = 0; label < isChosen.length; label++) if (isChosen[label] === wanted) found[count++] = label;
  return found.subarray(0, count);
}
