import { computed, onScopeDispose, shallowRef } from 'vue';
import type { CallInput } from '../../../src-shared/api.ts';
import type { EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { asFault } from '../../client/useCall.ts';
import { call } from '../../client/workbench.ts';
import { jobEnded, useJobs } from '../../stores/jobs.ts';

export type ProjectionRequest = Omit<CallInput<'embedding.project'>, 'run'>;

function doneShare({ state, progress }: Job): number {
  if (state === 'done') return 1;
  return progress ? progress.done / progress.total : 0;
}

/** Projects the embeddings of runs, with one job per run. What was shown stays until all are done. */
export function useProjections() {
  const jobs = useJobs();
  const points = shallowRef<readonly EmbeddingPoints[]>([]);
  const fault = shallowRef<ArcBenchError | null>(null);
  const underWay = shallowRef<readonly string[] | null>(null);
  const wanted = shallowRef(0);
  let turn = 0;

  const cancel = async (): Promise<void> => {
    turn++;
    const ids = underWay.value ?? [];
    underWay.value = null;
    await Promise.all(
      ids
        .filter((id) => {
          const job = jobs.byId(id);
          return job !== null && !jobEnded(job);
        })
        // A job may have ended in the meantime.
        .map((id) => call('jobs.cancel', { id }).catch(() => null)),
    );
  };
  const compute = async (runs: readonly string[], request: ProjectionRequest): Promise<void> => {
    await cancel();
    const own = ++turn;
    fault.value = null;
    underWay.value = [];
    wanted.value = runs.length;
    try {
      const ids: string[] = [];
      for (const run of runs) {
        const job = await call('embedding.project', { run, ...request });
        if (jobs.byId(job.id) === null) jobs.put(job);
        ids.push(job.id);
        if (own === turn) underWay.value = [...ids];
        else await call('jobs.cancel', { id: job.id });
      }
      const ended = await Promise.all(ids.map(jobs.ended));
      if (own !== turn) return;
      const failed = ended.find((job) => job.state !== 'done');
      if (failed?.fault) fault.value = new ArcBenchError(failed.fault.code, failed.fault.message);
      if (failed) return;
      const placed = await Promise.all(ended.map((job) => call('embedding.points', { projection: job.result ?? '' })));
      if (own === turn) points.value = placed;
    } catch (error) {
      if (own === turn) fault.value = asFault(error);
    } finally {
      if (own === turn) underWay.value = null;
    }
  };
  /** Shows the projections if all were made before. Returns whether they were. */
  const showKept = async (runs: readonly string[], request: ProjectionRequest): Promise<boolean> => {
    await cancel();
    const own = ++turn;
    fault.value = null;
    try {
      const kept = await Promise.all(runs.map((run) => call('embedding.kept', { run, ...request })));
      const names = kept.filter((name) => name !== null);
      if (own !== turn || names.length < runs.length) return false;
      const placed = await Promise.all(names.map((projection) => call('embedding.points', { projection })));
      if (own !== turn) return false;
      points.value = placed;
      return true;
    } catch {
      return false; // what is wrong is said when they are made
    }
  };
  onScopeDispose(() => void cancel());
  return {
    points,
    fault,
    compute,
    showKept,
    cancel,
    clear: (): void => {
      points.value = [];
    },
    busy: computed(() => underWay.value !== null),
    /** The share that is done, 0 to 1, and in words. */
    progress: computed(() => {
      const known = (underWay.value ?? []).flatMap((id) => jobs.byId(id) ?? []);
      const share = known.reduce((sum, job) => sum + doneShare(job), 0) / Math.max(1, wanted.value);
      const now = known.find((job) => job.state === 'running');
      const note = now?.progress?.note ? `, ${now.progress.note}` : '';
      return { share, note, text: now ? `${now.title}${note}` : 'Waiting' };
    }),
  };
}
