import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { heapArguments } from '../files/heapArguments.mjs';
import { inheritedEnvironment, neutralFolder } from '../files/programEnvironment.mjs';
import { makeFolder } from '../files/writeWhole.ts';
import { endFormerTrainer, noteTrainer } from './formerTrainer.ts';
import { patientInbox } from './patientInbox.ts';
import { trainerEnd } from './trainerEnd.ts';
import type { LastMessage, TrainerMessage, TrainerTask, WorkbenchMessage } from './trainerMessages.ts';

export interface RunTrainerOptions {
  readonly onMessage: (message: TrainerMessage) => void;
  /** Stops after the step that is running. */
  readonly signal: AbortSignal;
  /** Stops after the epoch that is running. */
  readonly afterEpoch?: AbortSignal;
}

const longestError = 4000; // characters kept of what the trainer writes to stderr

/**
 * Runs one task in a process of its own, so that the workbench survives whatever TensorFlow does, and resolves with the
 * process's last message. Throws what `onMessage` threw, once the trainer has ended.
 */
export async function runTrainer(task: TrainerTask, options: RunTrainerOptions): Promise<LastMessage> {
  await endFormerTrainer(task.runFolder);
  await makeFolder(task.runFolder);
  const child = startTrainer(task);
  let forget = () => {};
  try {
    if (child.pid !== undefined) forget = noteTrainer(task.runFolder, child.pid);
  } catch (error) {
    child.kill(); // otherwise it would wait for its task for ever, and this process for it
    throw error;
  }

  // A child that has died is noticed by its exit, not by a message that fails.
  const send = (message: WorkbenchMessage) => {
    if (child.connected) child.send(message, () => undefined);
  };
  const stop = () => send({ kind: 'stop' });
  const stopAfterEpoch = () => send({ kind: 'stopAfterEpoch' });
  options.signal.addEventListener('abort', stop);
  options.afterEpoch?.addEventListener('abort', stopAfterEpoch);
  const ended = listen(child, { ...options, send });
  send({ kind: 'task', task });
  if (options.signal.aborted) stop();
  if (options.afterEpoch?.aborted) stopAfterEpoch();
  try {
    return await ended;
  } finally {
    forget();
    options.signal.removeEventListener('abort', stop);
    options.afterEpoch?.removeEventListener('abort', stopAfterEpoch);
  }
}

const startTrainer = (task: TrainerTask): ChildProcess =>
  fork(fileURLToPath(new URL('./trainerProcess.ts', import.meta.url)), [task.runFolder], {
    execArgv: [...heapArguments(), '--disable-warning=DEP0044', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    serialization: 'advanced',
    cwd: neutralFolder,
    env: inheritedEnvironment({
      TF_CPP_MIN_LOG_LEVEL: process.env['TF_CPP_MIN_LOG_LEVEL'] ?? '3',
      ...(task.engine === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
    }),
  });

/** Hears a trainer until it exits; resolves with its last message, or one that says how it ended without any. */
function listen(
  child: ChildProcess,
  { onMessage, signal: stopSignal, send }: RunTrainerOptions & { readonly send: (message: WorkbenchMessage) => void },
): Promise<LastMessage> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-longestError);
  });
  let last: LastMessage | null = null;
  const inbox = patientInbox({
    take: (message) => {
      onMessage(message);
      if (message.kind === 'points') send({ kind: 'stored', batch: message.batch });
    },
    // Points that could not be stored are not confirmed: the trainer keeps them in its checkpoint, if it can write one.
    onFailure: () => send({ kind: 'stop' }),
    signal: stopSignal,
  });
  child.on('message', (message: TrainerMessage) => {
    if (isLast(message)) last = message;
    else inbox.add(message);
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      const said = (): LastMessage => {
        if (last) return last;
        // It was asked to stop before it could listen.
        if (stopSignal.aborted && (signal === 'SIGTERM' || signal === 'SIGINT')) return { kind: 'stopped' };
        return { kind: 'failed', code: 'failed', message: trainerEnd({ code, signal, said: errors }) };
      };
      inbox.emptied().then(() => resolve(said()), reject);
    });
  });
}

/** Whether nothing comes after a message. */
function isLast(message: TrainerMessage): message is LastMessage {
  switch (message.kind) {
    case 'done':
    case 'failed':
    case 'stopped':
    case 'paused':
      return true;
    case 'started':
    case 'progress':
    case 'embedded':
    case 'points':
    case 'epoch':
    case 'snapshot':
    case 'notice':
    case 'warning':
      return false;
  }
}
