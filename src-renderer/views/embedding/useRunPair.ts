import { computed } from 'vue';
import { useRoute } from 'vue-router';
import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';
import { sessionRef } from '../../components/sessionRef.ts';
import { useRuns } from '../../stores/runs.ts';
import { runNames } from '../runs/comparedColumns.ts';

/** Ids of the runs that are shown. */
export interface RunPair {
  readonly first: string;
  readonly second: string | null;
}

/**
 * The one or two runs that are shown, and the runs to choose from: those that are finished, newest first. With
 * `onlyTrained`, models and embeddings that were not trained here are left out.
 */
export function useRunPair({ onlyTrained = false }: { readonly onlyTrained?: boolean } = {}) {
  const runs = useRuns();
  const route = useRoute();
  const finished = computed(() => runs.all.filter((run) => run.status === 'done' && !(onlyTrained && run.given)));
  const armOf = (run: RunSummary): number => Math.max(0, runs.armsOf(run.planHash).indexOf(run.arm));

  /** What the user chose, under the address of that time: another address shows its own run. */
  const chosen = sessionRef<(RunPair & { readonly address: string }) | null>('embedding.pair', null);
  const address = computed(() => String(route.params['run'] ?? ''));
  const pair = computed((): RunPair | null => {
    const isOffered = (id: string) => finished.value.some((run) => run.id === id);
    if (chosen.value?.address === address.value && isOffered(chosen.value.first)) {
      const { first, second } = chosen.value;
      return { first, second: second !== null && isOffered(second) ? second : null };
    }
    const named = finished.value.find((run) => run.id === address.value);
    return defaultPair(finished.value, named ?? null, armOf);
  });
  const ids = computed(() => {
    if (pair.value === null) return [];
    const { first, second } = pair.value;
    return second === null || second === first ? [first] : [first, second];
  });
  return {
    pair,
    ids,
    armOf,
    /** Names the shown runs, with their experiments where they have several. */
    nameOf: computed(() => runNames(ids.value.flatMap((id) => runs.byId(id) ?? []))),
    options: computed(() => {
      const nameOf = runNames(finished.value);
      return finished.value.map((run) => ({ value: run.id, label: nameOf(run) }));
    }),
    choose: (next: RunPair): void => {
      chosen.value = { ...next, address: address.value };
    },
  };
}

/**
 * The run that the address names, or else the first arm of the newest experiment, and a second arm with the same seed.
 */
function defaultPair(
  finished: readonly RunSummary[],
  named: RunSummary | null,
  armOf: (run: RunSummary) => number,
): RunPair | null {
  const newest = named ?? finished[0];
  if (!newest) return null;
  const ofPlan = finished.filter((run) => run.planHash === newest.planHash);
  const seed = named?.seed ?? Math.min(...ofPlan.map((run) => run.seed));
  const ofSeed = ofPlan.filter((run) => run.seed === seed).sort((a, b) => armOf(a) - armOf(b));
  const first = named ?? ofSeed[0]!;
  const second = ofSeed.find((run) => run.id !== first.id);
  return { first: first.id, second: second?.id ?? null };
}
