import { computed, ref, watch, type ComputedRef } from 'vue';
import type { ExperimentDetails } from '../../../src-shared/answers/experimentAnswers.ts';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import { call } from '../../client/workbench.ts';
import { useJobs } from '../../stores/jobs.ts';

/** A start does not wait longer than this for the audit: training looks for leaks too before it begins. */
const patienceMilliseconds = 4000;

/** What keeps an experiment from being started, as far as it is known: leaks in its split, and its last failure. */
export function useStartCheck(id: string, kept: () => ExperimentDetails | null) {
  const jobs = useJobs();
  const leaks = ref(0);
  /** Counts the leaks; 0 where the faces are not prepared yet. */
  async function check(): Promise<number> {
    const plan = kept()?.plan;
    if (!plan) return 0;
    const { data, prepare, split } = plan;
    const audit = call('split.audit', { data, prepare, split }).then(
      ({ blocking }) => blocking,
      () => 0,
    );
    const patience = new Promise<number>((resolve) => setTimeout(() => resolve(0), patienceMilliseconds));
    leaks.value = await Promise.race([audit, patience]);
    return leaks.value;
  }
  const failed: ComputedRef<Job | null> = computed(() => {
    const last = jobs.all.find((job) => job.experiment === id);
    return last?.state === 'failed' ? last : null;
  });
  watch(
    () => failed.value?.id,
    (job) => {
      if (job !== undefined) void check();
    },
    { immediate: true },
  );
  // Another plan may have another split.
  watch(
    () => kept()?.planHash,
    (_now, before) => {
      if (before !== undefined && leaks.value > 0) void check();
    },
  );
  return { leaks, failed, check };
}
