import type { Plan } from '../../../src-shared/experiment.ts';
import type { Extension } from '../../../src-shared/extension.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Store } from '../../store/store.ts';
import { noSuchRun } from './noSuchRun.ts';
import { originOf, type Origin } from './originOf.ts';
import { extendFlags, planToExtend } from './planToExtend.ts';
import { storedPlan } from './storedPlan.ts';

/**
 * The plan that trains the experiment of a finished run for more epochs, with where it is started from. Throws
 * 'wrong-input' where the run is unknown or the experiment is not finished, 'damaged' without its plan.
 */
export function extendableRun(
  store: Store,
  id: string,
  extension: Extension,
): { readonly plan: Plan; readonly origin: Origin } {
  const row = store.run(id);
  if (!row) throw noSuchRun(id);
  const stored = store.plan(row.planHash);
  const origin = originOf(store, id);
  if (!stored || !origin)
    throw new ArcBenchError(
      'damaged',
      `The plan of run ${id} is not in the store: start the experiment again from its file.`,
    );
  const { baseFolder, rerunCommand } = origin;
  const plan = planToExtend(store, storedPlan(stored), { extension, rerunCommand });
  return { plan, origin: { baseFolder, rerunCommand: rerunCommand + extendFlags(extension) } };
}
