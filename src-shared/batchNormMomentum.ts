import type { Plan } from './experiment.ts';

/** Fast enough for the running statistics to follow a fine-tuning of some hundred steps; PyTorch's default. */
const fineTuningMomentum = 0.1;

/**
 * Weight of a batch in the running statistics of a batch norm whose backbone's authors chose `own`. Statistics that
 * follow at 0.01 lag behind a short fine-tuning: val then judges the weights of many steps ago.
 */
export function batchNormMomentum(
  { batchNormMomentum: planned, weights }: Pick<Plan['model'], 'batchNormMomentum' | 'weights'>,
  own: number,
): number {
  if (planned !== 'auto') return planned;
  return weights === 'random' ? own : Math.max(own, fineTuningMomentum);
}

/** Whether every batch norm of a planned model keeps the momentum that its backbone's authors chose. */
export function batchNormMomentumIsOwn(model: Plan['model']): boolean {
  const own = model.backbone.startsWith('efficientnet-lite') ? 0.01 : fineTuningMomentum;
  return batchNormMomentum(model, own) === own;
}
