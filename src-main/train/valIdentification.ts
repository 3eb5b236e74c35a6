import { identificationRates } from '../../src-shared/maths/identificationRate.ts';
import { peopleRates } from '../../src-shared/maths/peopleRate.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { similarityRows } from '../engine/similarityBlocks.ts';
import { inferenceBatches, type LabelledImages } from './inferenceBatches.ts';
import { measuredValPeople, valPairs, type ValPairs } from './valPairs.ts';

export interface ValIdentificationOptions {
  readonly plan: Pick<Plan, 'evaluation' | 'training'>;
  readonly network: { readonly inputSize: number; readonly embeddingSize: number };
  readonly packed: PackedImages;
  readonly valPeople: LabelledImages;
  /** Of the split, so that all runs are measured on the same pictures. */
  readonly seed: number;
}

/**
 * Measures the identification rate of the people held out for val by the weights as they are, as query is measured at
 * the end: TPR at the rate that the pairs carry, with the plan's weights and mirrored pictures. Null without pairs.
 */
export function valIdentification(options: ValIdentificationOptions): (machine: Machine) => number | null {
  const { plan, network, packed } = options;
  const { pairWeights, flip, falsePositiveRates } = plan.evaluation;
  const people = measuredValPeople(options.valPeople, options.seed);
  const pairs = valPairs(people.labels, falsePositiveRates);
  return (machine) => {
    if (pairs === null) return null;
    const units = embed(machine, packed, {
      images: people,
      batchSize: plan.training.batchSize,
      size: network.inputSize,
      embeddingSize: network.embeddingSize,
      flip,
    });
    const { own, others } = similaritiesOf(units, { labels: people.labels, size: network.embeddingSize, pairs });
    const [rate] =
      pairWeights === 'people'
        ? peopleRates(own, others, [pairs.falsePositiveRate])
        : identificationRates(own.similarities, others.similarities, [pairs.falsePositiveRate]);
    return rate!.truePositiveRate;
  };
}

/** Unit embeddings [images, embeddingSize]; those of the mirrored pictures are added where `flip` says so. */
function embed(
  machine: Machine,
  packed: PackedImages,
  options: {
    readonly images: LabelledImages;
    readonly batchSize: number;
    readonly size: number;
    readonly embeddingSize: number;
    readonly flip: boolean;
  },
): Float32Array {
  const { images, embeddingSize: width, flip } = options;
  const units = new Float32Array(images.indexes.length * width);
  // These people have no class: their class scores are computed for class 0 and never read.
  const unlabelled = { indexes: images.indexes, labels: new Int32Array(images.indexes.length) };
  for (const batch of inferenceBatches(machine, packed, { ...options, images: unlabelled })) {
    const mirrored = flip ? machine.step('mirrored', { images: batch.pixels })['embeddings']! : null;
    for (let row = 0; row < batch.count; row++) {
      const unit = units.subarray((batch.offset + row) * width, (batch.offset + row + 1) * width);
      for (let column = 0; column < width; column++) {
        const at = row * width + column;
        unit[column] = batch.embeddings[at]! + (mirrored?.[at] ?? 0);
      }
      const length = Math.hypot(...unit) || 1;
      unit.forEach((value, column) => (unit[column] = value / length));
    }
  }
  return units;
}

/** The cosines of all pairs: of one person, and of two people with one over the product of their picture counts. */
function similaritiesOf(
  units: Float32Array,
  { labels, size, pairs }: { readonly labels: Int32Array; readonly size: number; readonly pairs: ValPairs },
) {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const own = { similarities: new Float32Array(pairs.positives), people: new Int32Array(pairs.positives) };
  const others = { similarities: new Float32Array(pairs.negatives), weights: new Float64Array(pairs.negatives) };
  let genuine = 0;
  let impostors = 0;
  for (const { row, similarities } of similarityRows(units, units, size)) {
    const person = labels[row]!;
    for (let other = row + 1; other < similarities.length; other++) {
      if (labels[other] === person) {
        own.similarities[genuine] = similarities[other]!;
        own.people[genuine++] = person;
      } else {
        others.similarities[impostors] = similarities[other]!;
        others.weights[impostors++] = 1 / (counts.get(person)! * counts.get(labels[other]!)!);
      }
    }
  }
  return { own, others };
}
