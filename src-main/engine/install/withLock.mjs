import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { closedEnvironment, neutralFolder } from '../../files/programEnvironment.mjs';
import { say } from './setUpError.mjs';

/**
 * Lets one process at a time act. The operating system holds the lock for a child, so it ends with this process, and
 * nobody has to guess whether its holder is dead. `alone` is false on a file system without locks.
 * @template T
 * @param {{ lock: string, python: string, signal: AbortSignal }} by the lock's file must be an absolute path
 * @param {(alone: boolean) => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock({ lock, python, signal }, action) {
  const holder = spawn(python, ['-I', fileURLToPath(new URL('holdLock.py', import.meta.url)), lock], {
    cwd: neutralFolder,
    env: closedEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'exit'); // 'close' would wait for output that nobody reads any more
  const stop = () => holder.stdin.end();
  signal.addEventListener('abort', stop);
  try {
    let word = 'unlocked';
    for await (const line of createInterface(holder.stdout)) {
      word = line;
      if (word !== 'waiting') break;
      say('Another process is setting up: waiting for it …');
    }
    signal.throwIfAborted();
    return await action(word === 'locked');
  } finally {
    signal.removeEventListener('abort', stop);
    holder.stdin.end();
    await ended;
  }
}
