import { Worker } from 'node:worker_threads';
import type { CallName } from '../../../src-shared/api.ts';
import { ArcBenchError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { CallContext } from '../calls/callContext.ts';

/** What the workbench itself asks. */
type OwnQuestion = 'projection.kept' | 'report.archive' | 'run.archive' | 'trial.occlude';
/**
 * Calls that only read the store and may take long, and questions of the workbench itself. Each names the thread that
 * answers it: one thread is for results of training, one for faces and plans, and one tries runs on pictures.
 */
const readCalls = {
  'runs.list': 'results',
  'runs.show': 'results',
  'runs.sizes': 'results',
  'workspace.removable': 'results',
  'runs.curves': 'results',
  'runs.predictions': 'results',
  'runs.differences': 'results',
  'runs.takenFor': 'results',
  'embedding.points': 'results',
  'embedding.neighbours': 'results',
  'projection.kept': 'results',
  'datasets.show': 'faces',
  'datasets.pictures': 'faces',
  'datasets.people': 'faces',
  'split.preview': 'faces',
  'split.pictures': 'faces',
  'split.audit': 'faces',
  'experiments.show': 'faces',
  'experiments.check': 'faces',
  'report.archive': 'faces',
  'run.archive': 'faces',
  'try.send': 'trial',
  'try.look': 'trial',
  'try.compare': 'trial',
  'try.identify': 'trial',
  'try.scale': 'trial',
  'people.list': 'trial',
  'people.enrol': 'trial',
  'people.delete': 'trial',
  'trial.occlude': 'trial',
} as const satisfies Partial<Record<CallName | OwnQuestion, string>>;
export type ReadCall = keyof typeof readCalls;
export const isReadCall = (name: string): name is ReadCall => Object.hasOwn(readCalls, name);

export interface ReadingTask extends Pick<CallContext, 'door'> {
  readonly workspace: string;
}
export interface ReadQuestion {
  readonly id: number;
  readonly name: ReadCall;
  readonly input: unknown;
}
export type ReadAnswer =
  | { readonly id: number; readonly json: Uint8Array }
  | {
      readonly id: number;
      readonly fault: { readonly code: ErrorCode; readonly message: string; readonly expected: boolean };
    };

interface Waiting {
  readonly resolve: (json: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Answers calls that only read in other threads, so that they never block the loop that serves screens and trainers. A
 * thread starts with its first call.
 */
export function readThreads(task: ReadingTask) {
  const threads = new Map<string, { readonly worker: Worker; readonly waiting: Map<number, Waiting> }>();
  let asked = 0;
  const threadOf = (kind: string) => {
    const known = threads.get(kind);
    if (known) return known;
    const worker = new Worker(new URL('./readThread.ts', import.meta.url), { workerData: task });
    const waiting = new Map<number, Waiting>();
    const end = (cause: unknown) => {
      if (threads.get(kind)?.worker === worker) threads.delete(kind); // the next call begins another
      for (const { reject } of waiting.values())
        reject(
          cause instanceof ArcBenchError
            ? cause
            : new ArcBenchError(
                'failed',
                'The thread that reads the workspace ended: the machine may lack memory; try again.',
                { cause },
              ),
        );
      waiting.clear();
    };
    worker.on('message', (answer: ReadAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) worker.unref(); // an idle thread must not keep the process alive
      if ('json' in answer) asker?.resolve(answer.json);
      else
        asker?.reject(
          answer.fault.expected
            ? new ArcBenchError(answer.fault.code, answer.fault.message)
            : new Error(answer.fault.message),
        );
    });
    worker.on('error', end);
    worker.on('exit', end);
    worker.unref();
    const thread = { worker, waiting };
    threads.set(kind, thread);
    return thread;
  };
  return {
    /** The answer to a call whose input is checked, as JSON in UTF-8; for an archive, its bytes. */
    ask: (name: ReadCall, input: unknown): Promise<Uint8Array> =>
      new Promise((resolve, reject) => {
        const { worker, waiting } = threadOf(readCalls[name]);
        const id = asked++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, name, input } satisfies ReadQuestion);
      }),
    close: async (): Promise<void> => {
      await Promise.all([...threads.values()].map(({ worker }) => worker.terminate()));
    },
  };
}
