import { computed, type ComputedRef } from 'vue';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import { roughDuration } from '../../components/format.ts';
import { useExperiments } from '../../stores/experiments.ts';
import { useJobs } from '../../stores/jobs.ts';
import { useRuns } from '../../stores/runs.ts';

/** The time left for the run in training, and for the runs of its experiment that follow it; null while unknown. */
export function useTimeLeft(job: ComputedRef<Job | null>): ComputedRef<string | null> {
  const runs = useRuns();
  const jobs = useJobs();
  const experiments = useExperiments();

  /** Runs that follow. A halving does not say how many it will train. */
  function runsAfter(planHash: string): number {
    const experiment = experiments.byId(job.value?.experiment ?? '');
    const isPlanned = experiment?.planHash === planHash && !experiment.halving;
    const planned = isPlanned ? experiment.runs : 1;
    const over = runs.all.filter(
      (run) => run.planHash === planHash && (run.status === 'done' || run.status === 'failed'),
    );
    return Math.max(0, planned - over.length - 1);
  }
  return computed(() => {
    const run = runs.byId(job.value?.run ?? '');
    if (!job.value || !run) return null;
    const left = jobs.secondsLeft(job.value);
    const secondsOfRun = jobs.secondsOfStage(job.value);
    if (left === null || secondsOfRun === null) return null;
    const ofThis = `About ${roughDuration(left)} left for this run`;
    const after = runsAfter(run.planHash);
    if (after === 0) return ofThis;
    const ofAll = roughDuration(left + after * secondsOfRun);
    return `${ofThis}, ${ofAll} including the ${after === 1 ? 'next one' : `${after} after it`}`;
  });
}
