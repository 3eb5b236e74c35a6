import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { RunSummary } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';

const firstPage = 200;
const laterPages = 500; // small enough that the workbench answers others between two

/** Every run of the workspace, kept fresh by events. */
export const useRuns = defineStore('runs', () => {
  const byId = shallowRef<Record<string, RunSummary>>({});
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);

  /** Newest first. */
  const all = computed(() => Object.values(byId.value).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)));
  /** The arms of an experiment in the order of their first runs, so that an arm's colour is the same on each screen. */
  const armsOf = (planHash: string): readonly string[] => arms.value.get(planHash) ?? [];
  const arms = computed(() => {
    const found = new Map<string, string[]>();
    for (const { planHash, arm } of [...all.value].reverse()) {
      const own = found.get(planHash);
      if (!own) found.set(planHash, [arm]);
      else if (!own.includes(arm)) own.push(arm);
    }
    return found;
  });

  let found: Record<string, RunSummary> = {};
  let turn = 0;
  /**
   * Page by page, newest first: the first is shown while the others come; a list that is shown already is replaced once
   * all are there.
   */
  const load = async (): Promise<void> => {
    const mine = ++turn;
    found = {};
    try {
      for (let [limit, oldest]: [number, RunSummary | undefined] = [firstPage, undefined]; ; limit = laterPages) {
        const page: readonly RunSummary[] = await call('runs.list', {
          limit,
          ...(oldest ? { before: { createdAt: oldest.createdAt, id: oldest.id } } : {}),
        });
        if (mine !== turn) return;
        for (const run of page) found[run.id] ??= run; // what was told meanwhile is newer
        oldest = page[0];
        const whole = page.length < limit;
        if (whole || !loaded.value) {
          byId.value = found;
          triggerRef(byId);
        }
        [fault.value, loaded.value] = [null, true];
        if (whole) return;
      }
    } catch (error) {
      if (mine === turn) fault.value = asFault(error);
    }
  };
  const change = (apply: (runs: Record<string, RunSummary>) => void): void => {
    for (const runs of [byId.value, found]) apply(runs);
    triggerRef(byId);
  };
  on('run', (run) =>
    change((runs) => {
      runs[run.id] = run;
    }),
  );
  on('run.deleted', ({ ids }) =>
    change((runs) => {
      for (const id of ids) delete runs[id];
    }),
  );
  onResync(() => void load());
  void load();

  return { all, loaded, fault, load, armsOf, byId: (id: string): RunSummary | null => byId.value[id] ?? null };
});
