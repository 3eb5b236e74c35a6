import { computed, shallowRef, watch } from 'vue';
import { isTrained, seedsOfArm, trainedArms } from '../../../src-shared/arms.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import { call } from '../../client/workbench.ts';
import { placesOfArms } from './placesOfArms.ts';
import type { LiveRuns } from './useLiveRuns.ts';

/** A run of the experiment in training that has not begun. */
export interface PlannedRun {
  readonly arm: string;
  readonly seed: number;
  /** As its row is called: with the seed where there are several. */
  readonly name: string;
  /** The arm's place in its experiment, which gives its colour: the same as when its first run begins. */
  readonly place: number;
}

/** The runs that the experiment in training will still begin, in the order of its seeds. */
export function usePlannedRuns({
  job,
  shown,
  planHash,
  arms: begunArms,
}: Pick<LiveRuns, 'job' | 'shown' | 'planHash' | 'arms'>) {
  const known = shallowRef<{ readonly hash: string; readonly plan: Plan } | null>(null);
  watch(
    () => job.value?.experiment ?? null,
    async (id) => {
      known.value = null;
      if (id === null) return;
      const found = await call('experiments.show', { id }).catch(() => null);
      if (found?.plan && found.planHash !== null && job.value?.experiment === id)
        known.value = { hash: found.planHash, plan: found.plan };
    },
    { immediate: true },
  );
  return computed((): readonly PlannedRun[] => {
    const plan = known.value?.hash === planHash.value ? known.value?.plan : undefined;
    // A halving does not say which of its arms it will train on.
    if (plan === undefined || plan.sweep?.halving !== undefined) return [];
    const begun = new Set(shown.value.map(({ arm, seed }) => `${arm} ${seed}`));
    // What is not trained is judged first, and only once.
    const arms = [...plan.arms.filter((arm) => !isTrained(arm)), ...trainedArms(plan)].map((arm) => ({
      arm: arm.name,
      seeds: new Set(seedsOfArm(plan, arm)),
    }));
    const places = placesOfArms(plan, begunArms.value);
    return plan.seeds
      .flatMap((seed) =>
        arms
          .filter(({ seeds }) => seeds.has(seed))
          .map(({ arm, seeds }) => ({
            arm,
            seed,
            name: seeds.size > 1 ? `${arm}, seed ${seed}` : arm,
            place: places.indexOf(arm),
          })),
      )
      .filter(({ arm, seed }) => !begun.has(`${arm} ${seed}`));
  });
}
