import { computed, ref, shallowRef, watch } from 'vue';
import type { PairExplanation } from '../../../src-shared/answers/trialAnswers.ts';
import { call } from '../../client/workbench.ts';
import { showFault } from '../../components/toasts.ts';
import { jobEnded, useJobs } from '../../stores/jobs.ts';

/** The map of a pair by one run, computed on demand by a job. It is dropped when the pair changes. */
export function useExplanation(
  pair: () => { readonly run: string; readonly first: string; readonly second: string } | null,
) {
  const jobs = useJobs();
  const job = ref<string | null>(null);
  const map = shallowRef<PairExplanation | null>(null);
  const stop = (): void => {
    if (job.value !== null) void call('jobs.cancel', { id: job.value }).catch(showFault);
    job.value = null;
  };
  watch(
    () => JSON.stringify(pair()),
    () => {
      stop();
      map.value = null;
    },
  );
  const start = async (): Promise<void> => {
    const asked = pair();
    if (asked === null) return;
    try {
      const added = await call('try.explain', asked);
      jobs.put(added);
      job.value = added.id;
      const ended = await jobs.ended(added.id);
      if (job.value !== added.id) return;
      job.value = null;
      if (ended.result !== null) map.value = await call('try.explanation', { id: ended.result });
      else if (ended.fault !== null) showFault(new Error(ended.fault.message));
    } catch (error) {
      job.value = null;
      showFault(error);
    }
  };
  const running = computed(() => {
    const found = job.value === null ? null : jobs.byId(job.value);
    return found && !jobEnded(found) ? found : null;
  });
  return { map, running, start, stop };
}
