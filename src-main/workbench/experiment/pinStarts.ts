import { pinnedStart, startParts } from '../../../src-shared/ancestry.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { parentRun, type ParentBase } from './parentRun.ts';

/**
 * A plan whose starts name the weights that they stand for now, by their hash, and a run by its whole id. The weights
 * decide which plan it is, not the name or folder of the run that they came from. Throws 'wrong-input' as parentRun
 * does.
 */
export function pinStarts(plan: Plan, base: ParentBase): Plan {
  const pin = (from: string): string => {
    const { reference, weights } = startParts(from);
    const parent = weights === null ? parentRun(base, from) : null; // what names a hash is pinned already
    if (!parent) return from;
    const { run } = parent.ancestor;
    return pinnedStart(parent.isKept ? run : reference, parent.sha256);
  };
  return {
    ...plan,
    model: { ...plan.model, from: pin(plan.model.from) },
    arms: plan.arms.map((arm) => {
      const own = arm.settings?.['model.from'];
      return typeof own === 'string' ? { ...arm, settings: { ...arm.settings, 'model.from': pin(own) } } : arm;
    }),
  };
}
