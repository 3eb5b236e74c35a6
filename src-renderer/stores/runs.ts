import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { RunSummary } from '../../src-shared/answers/runAnswers.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';

const firstPage = 200;
const laterPages = 500; // small enough that the workbench answers other calls in between

/** Every run of the workspace, kept fresh by events. */
export const useRuns = defineStore('runs', () => {
  const byId = shallowRef(new Map<string, RunSummary>());
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);

  /** Newest first. */
  const all = computed(() => [...byId.value.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)));
  /**
   * The arms of an experiment in the order of their first runs, those that are not trained here last: they are judged
   * first. It gives an arm the same colour on every screen.
   */
  const armsOf = (planHash: string): readonly string[] => arms.value.get(planHash) ?? [];
  const arms = computed(() => {
    const found = new Map<string, string[]>();
    const oldestFirst = [...all.value].reverse();
    for (const { planHash, arm } of [
      ...oldestFirst.filter((run) => run.given === null),
      ...oldestFirst.filter((run) => run.given !== null),
    ]) {
      const own = found.get(planHash);
      if (!own) found.set(planHash, [arm]);
      else if (!own.includes(arm)) own.push(arm);
    }
    return found;
  });

  let found = new Map<string, RunSummary>();
  let turn = 0;
  /**
   * Loads page by page, newest first. The first page is shown while the others load; a list that is shown already is
   * replaced once all have loaded.
   */
  const load = async (): Promise<void> => {
    const mine = ++turn;
    found = new Map();
    try {
      let oldest: RunSummary | undefined;
      for (let limit = firstPage; ; limit = laterPages) {
        const page: readonly RunSummary[] = await call('runs.list', {
          limit,
          ...(oldest ? { before: { createdAt: oldest.createdAt, id: oldest.id } } : {}),
        });
        if (mine !== turn) return;
        // A run that is there already came by an event in the meantime, and is newer.
        for (const run of page) if (!found.has(run.id)) found.set(run.id, run);
        oldest = page[0];
        const whole = page.length < limit;
        if (whole || !loaded.value) {
          byId.value = found;
          triggerRef(byId);
        }
        fault.value = null;
        loaded.value = true;
        if (whole) return;
      }
    } catch (error) {
      if (mine === turn) fault.value = asFault(error);
    }
  };
  const change = (apply: (runs: Map<string, RunSummary>) => void): void => {
    for (const runs of [byId.value, found]) apply(runs);
    triggerRef(byId);
  };
  on('run', (run) =>
    change((runs) => {
      runs.set(run.id, run);
    }),
  );
  on('run.deleted', ({ ids }) =>
    change((runs) => {
      for (const id of ids) runs.delete(id);
    }),
  );
  onResync(() => void load());
  void load();

  return { all, loaded, fault, load, armsOf, byId: (id: string): RunSummary | null => byId.value.get(id) ?? null };
});
