import { valCurveOf, type ValCurve } from '../../../src-shared/valCurve.ts';
import type { RunRow, Store } from '../../store/store.ts';

/** The curve by which the judged epoch of a run is chosen. */
export function valCurveOfRun(store: Store, { planHash }: Pick<RunRow, 'planHash'>): ValCurve {
  const plan = store.plan(planHash);
  // Plans of older versions have no choice.
  return plan?.evaluation.select === undefined ? 'val/accuracy' : valCurveOf(plan);
}
