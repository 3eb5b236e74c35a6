import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { useJobs } from '../../stores/jobs.ts';
import { useRuns } from '../../stores/runs.ts';
import { trains } from '../frame/jobActions.ts';

/** The experiment that is shown and its runs: that of the run in the address, of the run in training, or the newest. */
export function useLiveRuns() {
  const runs = useRuns();
  const jobs = useJobs();
  const route = useRoute();
  const router = useRouter();

  /** The job that trains, if any. */
  const job = computed(() => jobs.running.find(trains) ?? null);
  /** One run of each experiment, newest first. */
  const plans = computed(() => [...new Map(runs.all.map((run) => [run.planHash, run])).values()]);
  const chosenRun = computed(() => {
    const named = route.params['run'];
    const ofAddress = typeof named === 'string' && named !== '' ? runs.byId(named) : null;
    return ofAddress ?? runs.byId(job.value?.run ?? '') ?? runs.all[0] ?? null;
  });
  const planHash = computed(() => chosenRun.value?.planHash ?? null);
  /** As a model for a list of experiments: choosing one puts its newest run into the address. */
  const chosenPlan = computed({
    get: () => planHash.value ?? '',
    set: (hash: string | null) => {
      const run = runs.all.find((entry) => entry.planHash === hash);
      if (run) void router.replace({ name: 'live', params: { run: run.id } });
    },
  });

  /** Runs of the same plan on other data are another experiment. */
  const shown = computed(() =>
    runs.all
      .filter((run) => run.planHash === planHash.value && run.data?.hash === chosenRun.value?.data?.hash)
      .reverse(),
  );
  const seeds = computed(() => new Set(shown.value.map((run) => run.seed)).size);
  const armPlaces = computed(() => {
    const arms = planHash.value === null ? [] : runs.armsOf(planHash.value);
    return new Map(arms.map((arm, place) => [arm, place]));
  });
  const placeOf = (arm: string): number => armPlaces.value.get(arm) ?? 0;
  return {
    job,
    plans,
    planHash,
    chosenPlan,
    shown,
    seeds,
    /** The arm's place in its experiment, which gives its colour. */
    placeOf,
    /** The arms of which a run has begun, in the order of their places. */
    arms: computed(() => [...armPlaces.value.keys()]),
    runsOfArms: computed(() =>
      [...groupBy(shown.value, (run) => run.arm)]
        .map(([arm, own]) => ({ arm, runs: own }))
        .sort((a, b) => placeOf(a.arm) - placeOf(b.arm)),
    ),
    nameOf: (run: RunSummary): string => (seeds.value > 1 ? `${run.arm}, seed ${run.seed}` : run.arm),
  };
}
export type LiveRuns = ReturnType<typeof useLiveRuns>;
