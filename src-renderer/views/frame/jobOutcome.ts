import type { RouteLocationRaw } from 'vue-router';
import type { Job } from '../../../src-shared/answers/jobAnswers.ts';

/** Where a finished job's result is shown; null where it has none of its own. */
export function jobOutcome(job: Job): { readonly label: string; readonly to: RouteLocationRaw } | null {
  if (job.state !== 'done' || job.result === null) return null;
  switch (job.kind) {
    case 'experiment': {
      const id = /reports[\\/]([\w-]+)/.exec(job.result)?.[1];
      return id === undefined ? null : { label: 'Open the report', to: { name: 'report', params: { id } } };
    }
    case 'resume':
      return { label: 'Open the run', to: { name: 'runs', params: { id: job.result } } };
    case 'import':
      return { label: 'Open the dataset', to: { name: 'datasets', params: { hash: job.result } } };
    case 'find':
    case 'prepare':
    case 'split':
    case 'projection':
    case 'explanation':
      return null;
  }
}
