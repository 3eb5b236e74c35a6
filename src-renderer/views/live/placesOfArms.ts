import { isTrained } from '../../../src-shared/arms.ts';
import type { Plan } from '../../../src-shared/experiment.ts';

/**
 * The arms of an experiment in the order of their places: those of which a run has begun, then the others as they are
 * trained, then those that are not trained here.
 */
export function placesOfArms(plan: Pick<Plan, 'arms'>, begun: readonly string[]): readonly string[] {
  const given = plan.arms.filter((arm) => !isTrained(arm)).map(({ name }) => name);
  const trained = plan.arms.filter(isTrained).map(({ name }) => name);
  const begunTrained = begun.filter((arm) => !given.includes(arm));
  const begunGiven = begun.filter((arm) => given.includes(arm));
  return [...new Set([...begunTrained, ...trained, ...begunGiven, ...given])];
}
