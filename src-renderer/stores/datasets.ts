import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { DatasetSummary } from '../../src-shared/answers/datasetAnswers.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from '../client/useCall.ts';
import { call, on, onResync } from '../client/workbench.ts';

/** The imported datasets, kept fresh by events. */
export const useDatasets = defineStore('datasets', () => {
  const all = shallowRef<readonly DatasetSummary[]>([]);
  const loaded = ref(false);
  const fault = shallowRef<ArcBenchError | null>(null);
  const load = async (): Promise<void> => {
    try {
      all.value = await call('datasets.list', {});
      [fault.value, loaded.value] = [null, true];
    } catch (error) {
      fault.value = asFault(error);
    }
  };
  on('datasets.changed', () => void load());
  onResync(() => void load());
  void load();
  return {
    all,
    loaded,
    fault,
    load,
    byHash: (hash: string): DatasetSummary | null => all.value.find((dataset) => dataset.hash === hash) ?? null,
  };
});
