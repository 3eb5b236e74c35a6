import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostWorkbench } from '../../src-main/doors/electron/hostWorkbench.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { folderWorkbench } from '../serve/folderWorkbench.ts';

// The workbench of a folder in a process of its own; notes of an experiment steer what it does.
const [folder = ''] = process.argv.slice(2);
await hostWorkbench(async () => {
  if (folder.endsWith('in-use')) throw new ArcBenchError('busy', 'The workspace is in use by another process.');
  const workbench = folderWorkbench(folder);
  let busy = false;
  const job = (state: 'running' | 'done') => ({ event: 'job', payload: { id: 'j', kind: 'experiment', title: 'Demo', state, stage: '', progress: { done: 1, total: 4, note: '' }, queuedAt: '', startedAt: null, endedAt: null, experiment: null, run: null, result: null, fault: null } }) as const;
  return {
    ...workbench,
    async call(name, input) {
      const text = name === 'experiments.save' ? (input as { yaml?: unknown }).yaml : null;
      if (text === 'start' || text === 'end') {
        busy = text === 'start';
        workbench.emit(job(busy ? 'running' : 'done'));
      }
      if (text === 'die') process.exit(7);
      return await workbench.call(name, input);
    },
    open: (path) => workbench.emit({ event: 'reports.changed', payload: { planHash: path } }),
    busy: () => busy,
    close: async () => writeFileSync(join(folder, 'closed'), busy ? 'checkpoint saved' : 'closed'),
  };
});
