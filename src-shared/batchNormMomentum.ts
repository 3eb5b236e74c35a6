import type { BackboneName } from './modelSchema.ts';
import type { Plan } from './experiment.ts';

/** Fast enough for the running statistics to follow a fine-tuning of some hundred steps; PyTorch's default. */
const fineTuningMomentum = 0.1;

/** Weight of a batch in the running statistics of batch norm that each backbone's authors chose. */
export const ownBatchNormMomentum = (backbone: BackboneName): number =>
  backbone.startsWith('efficientnet-lite') ? 0.01 : 0.1;

/**
 * Weight of a batch in the running statistics of a backbone's batch norm. Statistics that follow at 0.01 lag behind a
 * short fine-tuning: val would judge the weights of many steps ago.
 */
export function batchNormMomentum({ backbone, weights, batchNormMomentum: planned }: Plan['model']): number {
  if (planned !== 0) return planned;
  const own = ownBatchNormMomentum(backbone);
  return weights === 'random' ? own : Math.max(own, fineTuningMomentum);
}
