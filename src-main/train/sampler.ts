import type { Plan } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { refuseBatch } from '../../src-shared/refuseBatch.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';

/**
 * The batches of one epoch, as positions in the training part. Images that do not fill a last batch are left out of the
 * epoch. Throws 'wrong-input' where the images fill no batch.
 */
export function batchesOfEpoch(
  training: Plan['training'],
  labels: Int32Array,
  at: { readonly seed: number; readonly epoch: number },
): number[][] {
  const random = randomStream(at.seed, 'batches', at.epoch);
  const { sampler, batchSize } = training;
  const people = sampler.name === 'pk' ? new Set(labels).size : 0;
  const refusal = refuseBatch(training, { images: labels.length, people });
  if (refusal) throw new ArcBenchError('wrong-input', `No batch can be drawn: ${refusal.sentence}.`);
  return sampler.name === 'shuffled'
    ? shuffledBatches(labels.length, batchSize, random)
    : balancedBatches(labels, { ...sampler, batchSize }, random);
}

/** All images in a random order. */
function shuffledBatches(images: number, batchSize: number, random: RandomStream): number[][] {
  const order = random.shuffle(Array.from({ length: images }, (_, position) => position));
  return Array.from({ length: Math.floor(images / batchSize) }, (_, index) =>
    order.slice(index * batchSize, (index + 1) * batchSize),
  );
}

/** Batches of P identities with K images each. An identity with fewer images gives some of them more than once. */
function balancedBatches(
  labels: Int32Array,
  plan: { readonly identities: number; readonly images: number; readonly batchSize: number },
  random: RandomStream,
): number[][] {
  const { identities, images, batchSize } = plan;
  const byLabel = groupBy(labels.keys(), (position) => labels[position]!);
  const drawImages = (own: readonly number[]) => {
    const drawn = random.shuffle(own).slice(0, images);
    while (drawn.length < images) drawn.push(own[random.integer(own.length)]!);
    return drawn;
  };
  const people = [...byLabel.keys()];
  const drawPeople = people.length > mostShuffled ? partialDraw(people, random) : fullDraw(people, random);
  const batches = Math.max(1, Math.floor(labels.length / batchSize));
  return Array.from({ length: batches }, () =>
    drawPeople(identities).flatMap((label) => drawImages(byLabel.get(label)!)),
  );
}

/** Shuffling more people for every batch would take longer than training on it. */
const mostShuffled = 10_000;

const fullDraw = (people: readonly number[], random: RandomStream) => (count: number) =>
  random.shuffle(people).slice(0, count);

/** Draws evenly and without replacement by the first swaps of a shuffle, which goes on from where it is. */
function partialDraw(people: readonly number[], random: RandomStream): (count: number) => number[] {
  const order = [...people];
  return (count) => {
    for (let place = 0; place < Math.min(count, order.length - 1); place++) {
      const other = place + random.integer(order.length - place);
      [order[place], order[other]] = [order[other]!, order[place]!];
    }
    return order.slice(0, count);
  };
}
