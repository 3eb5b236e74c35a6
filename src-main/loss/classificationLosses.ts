import type { LossName, LossPlan } from '../../src-shared/losses.ts';
import { arcFace } from './arcFace.ts';
import type { ClassificationLoss } from './classificationLoss.ts';
import { crossEntropy } from './crossEntropy.ts';
import { normFace } from './normFace.ts';

const losses: { readonly [N in LossName]: ClassificationLoss<Extract<LossPlan, { name: N }>> } = { crossEntropy, normFace, arcFace };

/** The implementation of a planned loss. */
export function classificationLoss(plan: LossPlan): ClassificationLoss {
  // The table is keyed by the very name that the plan carries, which the compiler cannot follow.
  return losses[plan.name] as unknown as ClassificationLoss;
}
