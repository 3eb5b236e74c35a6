import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { ExperimentSummary } from '../../src-shared/answers/experimentAnswers.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';

/** The kept experiments, kept fresh by events. */
export const useExperiments = defineStore('experiments', () => {
  const all = shallowRef<readonly ExperimentSummary[]>([]);
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);
  const load = async (): Promise<void> => {
    try {
      all.value = await call('experiments.list', {});
      [fault.value, loaded.value] = [null, true];
    } catch (error) {
      fault.value = asFault(error);
    }
  };
  on('experiments.changed', () => void load());
  on('run', ({ planHash, status }) => {
    if (status === 'done' && all.value.some((experiment) => experiment.planHash === planHash)) void load();
  }); // one of its runs has changed
  onResync(() => void load());
  void load();
  return {
    all,
    loaded,
    fault,
    load,
    byId: (id: string): ExperimentSummary | null => all.value.find((experiment) => experiment.id === id) ?? null,
  };
});
