import type { Plan } from './experiment.ts';

/**
 * How many of n class centres a training step draws, those of the batch's own classes among them; null where every step
 * has them all.
 */
export const drawnClasses = (
  { classSampleRate, batchSize }: Pick<Plan['training'], 'classSampleRate' | 'batchSize'>,
  classes: number,
): number | null =>
  classSampleRate === 1 ? null : Math.max(Math.round(classSampleRate * classes), Math.min(batchSize, classes));
