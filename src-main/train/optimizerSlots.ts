import type { OptimizerPlan } from '../../src-shared/experiment.ts';

export const slotName = (slot: string, parameter: string) => `${slot}/${parameter}`;

/** Names of the slots that an optimiser keeps for each parameter, all starting at zero. */
export function optimizerSlots(plan: OptimizerPlan): readonly string[] {
  switch (plan.name) {
    case 'sgd':
      return plan.momentum > 0 ? ['momentum'] : [];
    case 'adam':
    case 'adamw':
      return ['firstMoment', 'secondMoment'];
  }
}
