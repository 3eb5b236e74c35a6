import { ArcBenchError } from '../../../src-shared/errors.ts';
import { isTrained } from '../../../src-shared/arms.ts';
import { tunedArm } from '../../../src-shared/tune.ts';
import type { ArmPlan, Plan } from '../../../src-shared/experiment.ts';
import { extendedPlan, type Extension } from '../../../src-shared/extension.ts';
import type { RunRow, Store } from '../../store/store.ts';
import { planHash } from './planHash.ts';

/**
 * The plan that trains the finished runs of a plan for more epochs: all arms with all seeds, or none. Throws
 * 'wrong-input' where one of them is not finished.
 */
export function planToExtend(
  store: Pick<Store, 'runs' | 'result'>,
  plan: Plan,
  { extension, rerunCommand }: { readonly extension: Extension; readonly rerunCommand: string },
): Plan {
  const hash = planHash(plan);
  const finished = store.runs(hash).filter(({ status }) => status === 'done' || status === 'trained');
  const finishedOf = (arm: string, seed?: number) =>
    finished.filter((run) => run.arm === arm && (seed === undefined || run.seed === seed));
  // Of a sweep, variants that diverged have nothing to go on from; a comparison that stopped has fewer seeds.
  const arms = plan.sweep ? plan.arms.filter(({ name }) => finishedOf(name).length > 0) : plan.arms;
  const trained = arms.filter(isTrained); // what is not trained here is only judged, and has nothing to go on from
  const seeds = plan.stopping
    ? plan.seeds.filter((seed) => trained.every(({ name }) => finishedOf(name, seed).length > 0))
    : plan.seeds;
  const missing = seeds.flatMap((seed) =>
    trained.filter(({ name }) => finishedOf(name, seed).length === 0).map(({ name }) => `${name}, seed ${seed}`),
  );
  if (missing.length > 0 || seeds.length === 0 || trained.length === 0) throw unfinished(plan, missing, rerunCommand);
  const tuned = arms.map((arm) => asTrained(store, arm, finishedOf(arm.name)));
  return extendedPlan(plan, { hash, arms: tuned, seeds, extension });
}

function unfinished({ name }: Plan, missing: readonly string[], rerunCommand: string): ArcBenchError {
  const [first, ...others] = missing;
  const which = first === undefined ? 'none of its runs is finished' : `the run of ${first}, is not finished`;
  const more = others.length === 0 ? '' : `, nor ${others.length === 1 ? 'is 1 more' : `are ${others.length} more`}`;
  return new ArcBenchError(
    'wrong-input',
    `${name} cannot be extended: ${which}${more}, and all arms go on together. Finish it first with ` +
      `\`${rerunCommand} --resume\`.`,
  );
}

/** An arm with the settings that val chose for it, where it was tuned. */
function asTrained(store: Pick<Store, 'result'>, arm: ArmPlan, runs: readonly RunRow[]): ArmPlan {
  const newest = runs.at(-1);
  const settings = newest && (store.result(newest.id, 'tuned') as ArmPlan['settings'] | null);
  return settings ? tunedArm(arm, { settings }) : arm;
}

/** The flags with which the command line does the same. */
export const extendFlags = ({ epochs, learningRate }: Extension): string =>
  ` --extend ${epochs}${learningRate === null ? '' : ` --extend-rate ${learningRate}`}`;
