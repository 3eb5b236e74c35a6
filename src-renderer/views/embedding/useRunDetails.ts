import { shallowRef, watch, type Ref } from 'vue';
import type { RunDetails } from '../../../src-shared/answers/runAnswers.ts';
import type { ArcBenchError } from '../../../src-shared/errors.ts';
import { asFault } from '../../client/useCall.ts';
import { call } from '../../client/workbench.ts';

/** What the workbench knows of the shown runs: snapshots, prepared faces, evaluation. */
export function useRunDetails(ids: Ref<readonly string[]>) {
  const details = shallowRef<readonly RunDetails[]>([]);
  const fault = shallowRef<ArcBenchError | null>(null);
  async function load(): Promise<void> {
    try {
      details.value = await Promise.all(ids.value.map((id) => call('runs.show', { id })));
      fault.value = null;
    } catch (error) {
      fault.value = asFault(error);
    }
  }
  watch(
    () => ids.value.join(),
    () => void load(),
    { immediate: true },
  );
  const detailsOf = (run: string): RunDetails | null => details.value.find(({ id }) => id === run) ?? null;
  return {
    details,
    fault,
    load,
    detailsOf,
    /** Id of the prepared set whose faces the run saw. */
    preparedOf: (run: string): string | null => detailsOf(run)?.prepared ?? null,
  };
}
