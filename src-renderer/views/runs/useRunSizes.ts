import { watchDebounced } from '@vueuse/core';
import { ref, type Ref } from 'vue';
import { call } from '../../client/workbench.ts';
import { useRuns } from '../../stores/runs.ts';

const mostAtOnce = 2000;

/** Bytes on the disk of every run, by its id. A size is asked for again when the run's state changes. */
export function useRunSizes(): Readonly<Ref<Readonly<Record<string, number>>>> {
  const runs = useRuns();
  const sizes = ref<Readonly<Record<string, number>>>({});
  const known = new Map<string, string>(); // the state in which a size was asked for
  const ask = async (): Promise<void> => {
    const changed = runs.all.filter(({ id, status }) => known.get(id) !== status);
    for (const { id, status } of changed) known.set(id, status);
    for (let from = 0; from < changed.length; from += mostAtOnce) {
      const ids = changed.slice(from, from + mostAtOnce).map(({ id }) => id);
      // A column without sizes is no reason to say that something failed: they are asked for again later.
      const found = await call('runs.sizes', { ids }).catch(() => null);
      if (found) sizes.value = { ...sizes.value, ...found };
      else for (const id of ids) known.delete(id);
    }
  };
  watchDebounced(() => runs.all.map(({ id, status }) => `${id} ${status}`).join(), ask, {
    debounce: 300,
    maxWait: 2000,
    immediate: true,
  });
  return sizes;
}
