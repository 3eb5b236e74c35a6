import { fork } from 'node:child_process';
import type { WorkbenchEvent } from '../../../src-shared/api.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { Workbench } from '../../workbench/workbench.ts';
import type { HostedResource, HostMessage } from './hostWorkbench.ts';

/** The workbench as the window's process has it. */
export interface HostedWorkbench extends Omit<Workbench, 'receive'> {
  /** Resolves when its process has ended, with whether that was asked for. */
  readonly ended: Promise<{ readonly asked: boolean; readonly reason: string }>;
}

/** Starts the process of the workbench on its own Node and waits until it is open. Throws what opening throws. */
export async function startWorkbench({ node, program, args }: { readonly node: string; readonly program: string; readonly args: readonly string[] }): Promise<HostedWorkbench> {
  const child = fork(program, args, { execPath: node, execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'inherit', 'pipe', 'ipc'], serialization: 'json' });
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: ArcBenchError) => void }>();
  let [nextId, busy, asked, errors] = [0, false, false, ''];
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
    process.stderr.write(chunk);
  });
  const ended = new Promise<{ asked: boolean; reason: string }>((resolve) => {
    child.on('error', (error) => { errors += error.message; });
    child.on('close', (code, signal) => {
      for (const { reject } of waiting.values()) reject(new ArcBenchError('failed', 'The workbench ended before it answered.'));
      waiting.clear();
      resolve({ asked, reason: errors.trim().split('\n').at(-1) || `it ended with ${signal ?? `exit code ${code}`}` });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: HostMessage) => {
      if ('opened' in message) resolve();
      else if ('notOpened' in message) reject(new ArcBenchError(message.notOpened.code, message.notOpened.message));
      else if ('busy' in message) busy = message.busy;
      else if ('event' in message) for (const listener of listeners) listener(message);
      else {
        const asker = waiting.get(message.id);
        waiting.delete(message.id);
        if ('fault' in message) asker?.reject(new ArcBenchError(message.fault.code, message.fault.message));
        else asker?.resolve(message.result);
      }
    });
    void ended.then(({ reason }) => reject(new ArcBenchError('failed', `The workbench could not be started: ${reason}`)));
  });
  const ask = (request: Readonly<Record<string, unknown>>) => new Promise<unknown>((resolve, reject) => {
    if (!child.connected) return reject(new ArcBenchError('failed', 'The workbench has ended: start ArcBench again.'));
    const id = nextId++;
    waiting.set(id, { resolve, reject });
    child.send({ id, ...request });
  });
  return {
    ended,
    call: (call, input) => ask({ call, input }),
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
    async resource(address) {
      const found = await ask({ resource: address }) as HostedResource | null;
      return found && { type: found.type, bytes: Buffer.from(found.base64, 'base64'), ...(found.fileName === undefined ? {} : { fileName: found.fileName }) };
    },
    busy: () => busy,
    async close() {
      asked = true;
      if (child.connected) child.send({ close: true });
      await ended;
    },
  };
}
