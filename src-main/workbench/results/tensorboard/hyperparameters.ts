import { knobsOf } from '../../../../src-shared/knobs.ts';
import type { ArmPlan, Plan } from '../../../../src-shared/experiment.ts';
import type { Hyperparameter } from './eventRecords.ts';

/**
 * The knobs of a run by their dotted names. The seed is none of them: TensorBoard averages runs of one arm only where
 * their hyperparameters are equal.
 */
export function hyperparametersOf(plan: Plan, arm: ArmPlan): Map<string, Hyperparameter> {
  const { data, prepare, split, model, training, evaluation } = plan;
  const knobs = knobsOf({ data, prepare, split, model, training, loss: arm.loss, evaluation });
  return new Map([['arm', arm.name], ...[...knobs].map(([name, value]) => [name, plain(value)] as const)]);
}

const plain = (value: unknown): Hyperparameter =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string' ? value : JSON.stringify(value);
