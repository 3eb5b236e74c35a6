import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inheritedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { makeFolder } from '../files/writeWhole.ts';
import { endFormerTrainer, noteTrainer } from './formerTrainer.ts';
import { trainerEnd } from './trainerEnd.ts';
import type { TrainerMessage, TrainerTask, WorkbenchMessage } from './trainerMessages.ts';

/**
 * Runs one task in a process of its own, so that the workbench survives whatever TensorFlow does; resolves with its
 * last message. Throws what `onMessage` threw, once the trainer has ended.
 */
export async function runTrainer(
  task: TrainerTask,
  options: {
    readonly onMessage: (message: TrainerMessage) => void;
    readonly signal: AbortSignal;
    readonly afterEpoch?: AbortSignal;
  },
): Promise<TrainerMessage> {
  await endFormerTrainer(task.runFolder);
  await makeFolder(task.runFolder);
  const child = fork(fileURLToPath(new URL('./trainerProcess.ts', import.meta.url)), [task.runFolder], {
    execArgv: ['--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    serialization: 'advanced',
    cwd: neutralFolder,
    env: inheritedEnvironment({
      TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '3',
      ...(task.engine === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
    }),
  });
  let forget = () => {};
  try {
    if (child.pid !== undefined) forget = noteTrainer(task.runFolder, child.pid);
  } catch (error) {
    child.kill(); // it would wait for its task for ever, and this process for it
    throw error;
  }
  const send = (message: WorkbenchMessage) => {
    if (child.connected) child.send(message, () => undefined);
  }; // one that died meanwhile is heard of by its exit
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const stop = () => send({ kind: 'stop' });
  const stopAfterEpoch = () => send({ kind: 'stopAfterEpoch' });
  options.signal.addEventListener('abort', stop);
  options.afterEpoch?.addEventListener('abort', stopAfterEpoch);
  send({ kind: 'task', task });
  if (options.signal.aborted) stop();
  if (options.afterEpoch?.aborted) stopAfterEpoch();
  return await new Promise((resolve, reject) => {
    let last: TrainerMessage | null = null;
    let unheard: { readonly error: unknown } | null = null;
    child.on('message', (message: TrainerMessage) => {
      if (
        message.kind === 'done' ||
        message.kind === 'failed' ||
        message.kind === 'stopped' ||
        message.kind === 'paused'
      )
        last = message;
      else if (unheard === null) {
        try {
          options.onMessage(message);
          if (message.kind === 'points') send({ kind: 'stored', batch: message.batch });
        } catch (error) {
          unheard = { error }; // what cannot be stored goes into the trainer's checkpoint, if that can be written
          stop();
        }
      }
    });
    child.on('exit', (code, signal) => {
      forget();
      options.signal.removeEventListener('abort', stop);
      options.afterEpoch?.removeEventListener('abort', stopAfterEpoch);
      if (unheard) {
        reject(unheard.error);
        return;
      }
      // told to end before it could listen
      if (!last && options.signal.aborted && (signal === 'SIGTERM' || signal === 'SIGINT')) last = { kind: 'stopped' };
      resolve(last ?? { kind: 'failed', code: 'failed', message: trainerEnd({ code, signal, said: errors }) });
    });
  });
}
