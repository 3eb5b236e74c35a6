import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostWorkbench } from '../../src-main/doors/electron/hostWorkbench.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { folderWorkbench } from '../serve/folderWorkbench.ts';

// The workbench of a folder in a process of its own; notes of an experiment steer what it does, and what became of it
// is left in the folder that a test names.
const [folder = ''] = process.argv.slice(2);
const { ARCBENCH_TEST_TRACE: trace } = process.env;
await hostWorkbench(async () => {
  if (folder.endsWith('in-use')) throw new ArcBenchError('busy', 'The workspace is in use by another process.');
  const workbench = folderWorkbench(folder);
  if (trace) appendFileSync(join(trace, 'opened'), `${process.ppid} ${folder}\n`);
  let busy = false;
  const fault = { code: 'diverged', message: 'The loss is not a number.' } as const;
  const job = (state: 'running' | 'done' | 'failed') =>
    ({
      event: 'job',
      payload: {
        id: 'j',
        kind: 'experiment',
        title: 'Demo',
        state,
        stage: '',
        progress: { done: 1, total: 4, note: '' },
        queuedAt: '',
        startedAt: null,
        endedAt: null,
        experiment: null,
        run: null,
        result: null,
        fault: state === 'failed' ? fault : null,
      },
    }) as const;
  return {
    ...workbench,
    async call(name, input) {
      const text = name === 'experiments.save' ? (input as { yaml?: unknown }).yaml : null;
      if (text === 'start' || text === 'end' || text === 'fail') {
        busy = text === 'start';
        workbench.emit(job(({ start: 'running', end: 'done', fail: 'failed' } as const)[text]));
      } else if (trace && typeof text === 'string' && text !== 'die') writeFileSync(join(trace, 'saved'), text);
      if (text === 'die') process.exit(7);
      return await workbench.call(name, input);
    },
    open: (path) => workbench.emit({ event: 'reports.changed', payload: { id: path } }),
    busy: () => busy,
    close: async () => writeFileSync(join(folder, 'closed'), busy ? 'checkpoint saved' : 'closed'),
  };
});
