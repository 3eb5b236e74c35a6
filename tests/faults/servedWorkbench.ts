import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CallInput, CallName, CallOutputs, WireMessage } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { jobEnd } from '../jobEnd.ts';
import { openSocket } from '../serve/servedFolder.ts';
import { waitFor } from '../waitUntil.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));

/** `arcbench serve` on a workspace, in a process of its own, and its contract. */
export interface ServedWorkbench {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** Throws the fault's sentence, or that the connection was lost. */
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutputs[Name]>;
  /** Waits for a job's end. */
  end(job: Job): Promise<Job>;
}

/** Starts the served workbench; throws what it said where it did not come up. */
export async function servedWorkbench(workspace: string): Promise<ServedWorkbench> {
  const child = spawn(process.execPath, [main, '--workspace', workspace, '--json', 'serve', '--port', '0'], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', CUDA_VISIBLE_DEVICES: '-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'exit').then(() => undefined);
  const opened = new Promise<{ address: string; token: string }>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.endsWith('}\n')) resolve(JSON.parse(stdout) as { address: string; token: string });
    });
    child.once('close', () => reject(new Error(stderr.trim())));
  });
  const address = await waitFor('the address of arcbench serve', opened, { seen: () => stdout + stderr });
  const socket = await openSocket(`${address.address.replace('http', 'ws')}api`, {
    authorization: `Bearer ${address.token}`,
  });
  const waiting = new Map<
    number,
    { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }
  >();
  let asked = 0;
  let lost = false;
  socket.addEventListener('message', (event) => {
    const message = JSON.parse(String(event.data)) as WireMessage;
    if (!('id' in message) || message.id === null) return;
    if ('fault' in message) waiting.get(message.id)?.reject(new Error(message.fault.message));
    else if ('result' in message) waiting.get(message.id)?.resolve(message.result);
    waiting.delete(message.id);
  });
  socket.addEventListener('close', () => {
    lost = true;
    for (const { reject } of waiting.values()) reject(new Error('The connection was lost.'));
  });
  const call: ServedWorkbench['call'] = (name, input) =>
    new Promise((resolve, reject) => {
      if (lost) return reject(new Error('The connection was lost.'));
      waiting.set(++asked, { resolve: (result) => resolve(result as CallOutputs[typeof name]), reject });
      socket.send(JSON.stringify({ id: asked, call: name, input }));
    });
  return {
    child,
    ended,
    call,
    end: (job) => jobEnd(job, () => call('jobs.list', {})),
  };
}
