import { ownBatchNormMomentum } from '../../../src-shared/batchNormMomentum.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';

/**
 * A plan as it was stored, with the knobs that came since. Each has the value that means what the plan meant, so that a
 * run goes on as it began, and the plan keeps its hash.
 */
export function storedPlan(stored: Plan): Plan {
  const plan = experimentSchema.parse(stored);
  const { model }: { readonly model: Partial<Plan['model']> } = stored;
  if (model.batchNormMomentum !== undefined) return plan;
  return { ...plan, model: { ...plan.model, batchNormMomentum: ownBatchNormMomentum(plan.model.backbone) } };
}
