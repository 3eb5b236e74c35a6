import { basename } from 'node:path';
import type { SplitFacts } from '../../../src-shared/advice.ts';
import { trainedArms } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { planOfArm } from '../../../src-shared/experiment.ts';
import { refuseBatch } from '../../../src-shared/refuseBatch.ts';
import { refuseTooLarge } from '../../../src-shared/refuseTooLarge.ts';
import type { Dataset } from '../../data/dataset.ts';
import { preparedFolder } from '../../data/prepareDataset.ts';
import { makeSplit } from '../../split/makeSplit.ts';
import { keptSpeed } from '../estimate/machineSpeed.ts';
import { startEstimator } from '../estimate/startEstimate.ts';
import type { CountedFaces } from './faceCounter.ts';
import { splitFacts } from './splitFacts.ts';
import type { StageOptions } from './stage.ts';

type Counted = Extract<CountedFaces, { facts: unknown }>;

/** The images and people of a training part. */
export const trainingPart = ({ trainImages }: SplitFacts) => ({
  images: trainImages.reduce((sum, images) => sum + images, 0),
  people: trainImages.length,
});

/**
 * Throws 'wrong-input' where a start cannot succeed, from what is known of its faces so far: it would need more memory,
 * disk or time than there is, or its faces fill no batch. Nothing is measured, and nothing is written.
 */
export function refuseStart({ store, plan }: StageOptions, counted: Counted | null): void {
  const [tooLarge] = refuseTooLarge(startEstimator(store, () => keptSpeed('auto'))(plan, counted));
  if (tooLarge) throw new ArcBenchError(tooLarge.code, tooLarge.sentence);
  if (!counted) return;
  for (const arm of trainedArms(plan)) {
    const refusal = refuseBatch(planOfArm(plan, arm).training, trainingPart(counted.facts));
    if (refusal) throw new ArcBenchError('wrong-input', `The arm ${arm.name} cannot be trained: ${refusal.sentence}.`);
  }
}

/** Counts the split of imported faces. Preparing them may leave some out, so a later split has no more. */
export function countImported({ plan, store }: StageOptions, dataset: Dataset): Counted {
  // Which pictures are copies is not known yet: each counts as one of its own.
  const images = dataset.images.map((image) => ({ ...image, contentHash: image.path }));
  const { partsGivenBy } = dataset;
  const set = { hash: '', images, ...(partsGivenBy !== undefined && { partsGivenBy }) };
  const facts = splitFacts({ set, split: makeSplit(set, plan.split) });
  const prepared = basename(preparedFolder(store.workspace, dataset, plan.prepare));
  return { from: 'imported', images: images.length, facts, prepared };
}
