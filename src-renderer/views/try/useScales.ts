import { onScopeDispose, shallowRef, watch } from 'vue';
import type { RunScale } from '../../../src-shared/answers/trialAnswers.ts';
import type { ArcBenchError } from '../../../src-shared/errors.ts';
import { asFault } from '../../client/useCall.ts';
import { call, onResync } from '../../client/workbench.ts';

/** What the cosines of each run are held against; they are computed once for a run. */
export function useScales(runs: () => readonly string[]) {
  const scales = shallowRef<readonly RunScale[]>([]);
  const fault = shallowRef<ArcBenchError | null>(null);
  const load = async (): Promise<void> => {
    const asked = runs();
    try {
      const found: RunScale[] = [];
      for (const run of asked) found.push(await call('try.scale', { run }));
      if (asked.join() === runs().join()) [scales.value, fault.value] = [found, null];
    } catch (error) {
      fault.value = asFault(error);
    }
  };
  watch(
    () => runs().join(),
    () => void load(),
    { immediate: true },
  );
  onScopeDispose(onResync(() => void load()));
  return { scales, fault, load };
}
