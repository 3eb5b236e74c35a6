import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { RunSummary } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';

/** Every run of the workspace, kept fresh by events. */
export const useRuns = defineStore('runs', () => {
  const byId = ref<Record<string, RunSummary>>({});
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);

  /** Newest first. */
  const all = computed(() => Object.values(byId.value).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)));
  /** The arms of an experiment in the order of their first runs, so that an arm's colour is the same on each screen. */
  const armsOf = (planHash: string): string[] => [...new Set([...all.value].reverse().filter((run) => run.planHash === planHash).map((run) => run.arm))];

  const load = async (): Promise<void> => {
    try {
      byId.value = Object.fromEntries((await call('runs.list', {})).map((run) => [run.id, run]));
      [fault.value, loaded.value] = [null, true];
    } catch (error) {
      fault.value = asFault(error);
    }
  };
  on('run', (run) => { byId.value[run.id] = run; });
  on('run.deleted', ({ ids }) => { for (const id of ids) delete byId.value[id]; });
  onResync(() => void load());
  void load();

  return { all, loaded, fault, load, armsOf, byId: (id: string): RunSummary | null => byId.value[id] ?? null };
});
