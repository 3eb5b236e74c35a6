import type { OptimizerPlan } from '../../src-shared/trainingSchema.ts';

/** The state that holds one slot of one parameter. */
export const slotName = (slot: string, parameter: string) => `${slot}/${parameter}`;

/**
 * Names of the slots that an optimiser keeps for each parameter; all start at zero. In a file of its own, so that the
 * workbench can count them without loading TensorFlow.
 */
export function optimizerSlots(plan: OptimizerPlan): readonly string[] {
  switch (plan.name) {
    case 'sgd':
      return plan.momentum > 0 ? ['momentum'] : [];
    case 'adam':
    case 'adamw':
      return ['firstMoment', 'secondMoment'];
  }
}
