import type { SchedulePlan } from '../../src-shared/trainingSchema.ts';

/** Share of the margin at a step, counted from 0. It rises linearly from 0 to 1 over `warmupEpochs`. */
export const marginShareAt = (
  warmupEpochs: number,
  { step, stepsPerEpoch }: { readonly step: number; readonly stepsPerEpoch: number },
): number => Math.min(1, step / Math.max(1, warmupEpochs * stepsPerEpoch));

/**
 * Learning rate at a step, counted from 0 to `stepsPerEpoch * epochs`. It rises linearly from 0 during warm-up; the
 * schedule covers the remaining steps.
 */
export function learningRateAt(
  plan: SchedulePlan,
  base: number,
  position: { readonly step: number; readonly stepsPerEpoch: number; readonly epochs: number },
): number {
  const { step, stepsPerEpoch, epochs } = position;
  const warmup = Math.round(plan.warmupEpochs * stepsPerEpoch);
  if (step < warmup) return (base * (step + 1)) / (warmup + 1);
  const total = Math.max(1, stepsPerEpoch * epochs - warmup);
  const progress = Math.min(1, (step - warmup) / total);
  switch (plan.name) {
    case 'constant':
      return base;
    case 'step':
      return base * plan.stepFactor ** plan.stepEpochs.filter((epoch) => step >= epoch * stepsPerEpoch).length;
    case 'cosine':
      return (base * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'polynomial':
      return base * (1 - progress) ** plan.power;
  }
}
