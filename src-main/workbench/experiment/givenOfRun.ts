import { countsForEverySeed, givenModelOf, type GivenModel } from '../../../src-shared/arms.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { RunRow, Store } from '../../store/store.ts';

/** What a run judges that was not trained here; null for a run that was trained, and where its plan is gone. */
export function givenOfRun(
  store: Pick<Store, 'plan'>,
  { planHash, arm: name }: Pick<RunRow, 'planHash' | 'arm'>,
): GivenModel | null {
  const arm = store.plan(planHash)?.arms.find((own) => own.name === name);
  return arm ? givenModelOf(arm) : null;
}

/** Whether a run is the only one of its arm, and is compared with every seed of the others. */
export function isFixedRun(
  store: Pick<Store, 'plan'>,
  { planHash, arm: name }: Pick<RunRow, 'planHash' | 'arm'>,
): boolean {
  const plan = store.plan(planHash);
  const arm = plan?.arms.find((own) => own.name === name);
  return plan !== null && arm !== undefined && countsForEverySeed(plan, arm);
}

/** Throws 'wrong-input' for a run that was not trained here: `why` ends the sentence. */
export function refuseGiven(
  store: Pick<Store, 'plan'>,
  run: Pick<RunRow, 'id' | 'planHash' | 'arm'>,
  why: string,
): void {
  const given = givenOfRun(store, run);
  if (given)
    throw new ArcBenchError(
      'wrong-input',
      `The run ${run.id} (${run.arm}) was not trained here, it evaluates ${given.file}: ${why}; name a trained run.`,
    );
}
