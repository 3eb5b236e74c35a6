import { spawn } from 'node:child_process';
import type { WorkbenchEvent } from '../../../src-shared/api.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { heapArguments } from '../../files/heapArguments.mjs';
import { memoryEnvironment } from '../../files/memoryEnvironment.mjs';
import { inheritedEnvironment } from '../../files/programEnvironment.mjs';
import type { Workbench } from '../../workbench/workbench.ts';
import type { HostedResource, HostMessage } from './hostWorkbench.ts';

/** The workbench as the window's process sees it; calls wait until it is open. */
export interface HostedWorkbench extends Omit<Workbench, 'receive' | 'busy'> {
  /** Rejects with what opening threw. */
  readonly opened: Promise<void>;
  /** Resolves when its process has ended; `asked` is whether close was called. */
  readonly ended: Promise<{ readonly asked: boolean; readonly reason: string }>;
  busy(): Promise<boolean>;
}

/** Starts the process of the workbench on its own Node. */
export function startWorkbench({
  node,
  program,
  args,
  cache,
}: {
  readonly node: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Folder where Node keeps what it compiled, so that the next start is fast. */ readonly cache: string;
}): HostedWorkbench {
  // Electron's own fork throws where the fuse runAsNode is off.
  const quiet = ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...heapArguments(), ...quiet, program, ...args], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    serialization: 'json',
    env: inheritedEnvironment({ ...memoryEnvironment(), NODE_COMPILE_CACHE: cache }),
  });
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: ArcBenchError) => void }
  >();
  let nextId = 0;
  let asked = false;
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
    process.stderr.write(chunk);
  });
  const ended = new Promise<{ asked: boolean; reason: string }>((resolve) => {
    child.on('error', (error) => {
      errors += error.message;
    });
    child.on('close', (code, signal) => {
      for (const { reject } of waiting.values())
        reject(new ArcBenchError('failed', 'The workbench ended before it answered.'));
      waiting.clear();
      resolve({ asked, reason: errors.trim().split('\n').at(-1) || `It ended with ${signal ?? `exit code ${code}`}.` });
    });
  });
  const opened = new Promise<void>((resolve, reject) => {
    child.on('message', (message: HostMessage) => {
      if ('opened' in message) resolve();
      else if ('notOpened' in message) reject(new ArcBenchError(message.notOpened.code, message.notOpened.message));
      else if ('event' in message) for (const listener of listeners) listener(message);
      else {
        const asker = waiting.get(message.id);
        waiting.delete(message.id);
        if ('fault' in message) asker?.reject(new ArcBenchError(message.fault.code, message.fault.message));
        else asker?.resolve(message.result);
      }
    });
    void ended.then(({ reason }) =>
      reject(new ArcBenchError('failed', `The workbench could not be started: ${reason}`)),
    );
  });
  opened.catch(() => {}); // every call rejects with it
  const ask = async (request: Readonly<Record<string, unknown>>) => {
    await opened;
    return await new Promise<unknown>((resolve, reject) => {
      if (!child.connected)
        return reject(new ArcBenchError('failed', 'The workbench has ended: start ArcBench again.'));
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      child.send({ id, ...request });
    });
  };
  return {
    opened,
    ended,
    call: (call, input) => ask({ call, input }),
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async resource(address) {
      const found = (await ask({ resource: address })) as HostedResource | null;
      return (
        found && {
          type: found.type,
          bytes: Buffer.from(found.base64, 'base64'),
          ...(found.fileName === undefined ? {} : { fileName: found.fileName }),
        }
      );
    },
    open(path) {
      void opened.then(
        () => child.send({ open: path }),
        () => {},
      );
    },
    busy: async () => (await ask({ busy: true })) as boolean,
    async close() {
      asked = true;
      await opened.catch(() => {});
      if (child.connected) child.send({ close: true });
      await ended;
    },
  };
}
