import { useLocalStorage } from '@vueuse/core';
import { defineStore } from 'pinia';
import { computed } from 'vue';
import { useDatasets } from './datasets.ts';
import { useExperiments } from './experiments.ts';

/**
 * The tour: offered in an empty workspace until it is finished or dismissed, which this browser remembers. The user can
 * start it again.
 */
export const useTour = defineStore('tour', () => {
  const kept = useLocalStorage<'offered' | 'begun' | 'done'>('arcbench.tour', 'offered');
  const step = useLocalStorage('arcbench.tour.step', 0);
  const datasets = useDatasets();
  const experiments = useExperiments();
  const empty = computed(
    () => datasets.loaded && experiments.loaded && datasets.all.length === 0 && experiments.all.length === 0,
  );
  return {
    step,
    shown: computed(() => kept.value === 'begun' || (kept.value === 'offered' && empty.value)),
    go: (to: number): void => {
      [kept.value, step.value] = ['begun', to];
    },
    end: (): void => {
      [kept.value, step.value] = ['done', 0];
    },
  };
});
