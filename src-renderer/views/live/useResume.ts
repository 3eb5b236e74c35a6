import { computed, ref } from 'vue';
import { call } from '../../client/workbench.ts';
import { showFault } from '../../components/toasts.ts';
import { useExperiments } from '../../stores/experiments.ts';
import { useJobs } from '../../stores/jobs.ts';
import type { LiveRuns } from './useLiveRuns.ts';

/** Resumes the shown runs that were stopped or failed. */
export function useResume({ job, shown, planHash }: Pick<LiveRuns, 'job' | 'shown' | 'planHash'>) {
  const jobs = useJobs();
  const experiments = useExperiments();
  const resumable = computed(() =>
    job.value ? [] : shown.value.filter((run) => run.status === 'cancelled' || run.status === 'failed'),
  );
  const busy = ref(false);
  async function resume(): Promise<void> {
    busy.value = true;
    try {
      // The experiment also trains the runs that never began, and writes its report.
      const experiment = experiments.all.find((entry) => entry.planHash === planHash.value);
      if (experiment) jobs.put(await call('experiments.start', { id: experiment.id, interrupted: 'resume' }));
      else for (const run of resumable.value) jobs.put(await call('runs.resume', { id: run.id }));
    } catch (error) {
      showFault(error);
    } finally {
      busy.value = false;
    }
  }
  return { resumable, busy, resume };
}
