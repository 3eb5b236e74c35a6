import type { Plan } from '../../../src-shared/experiment.ts';
import type { HalvingStop } from '../../../src-shared/halving.ts';
import type { RunRow, Store } from '../../store/store.ts';

/** How successive halving stopped a run; null where it did not. */
export const haltOf = (store: Store, id: string): HalvingStop | null =>
  store.result(id, 'halving') as HalvingStop | null;

/** Whether a run of a sweep with successive halving is saved and waits for its next round. */
export const isWaiting = (plan: Plan, run: Pick<RunRow, 'status'>): boolean =>
  plan.sweep?.halving !== undefined && run.status === 'queued';
