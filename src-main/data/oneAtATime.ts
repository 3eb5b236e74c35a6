import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

// All threads of the process share it: threads inherit the environment data of the one that starts them.
const key = 'arcbench.turn';
const turn = (getEnvironmentData(key) as Int32Array<SharedArrayBuffer> | undefined) ?? new Int32Array(new SharedArrayBuffer(4));
setEnvironmentData(key, turn);

/** Runs an action while no other of its sort runs in this process, on whatever thread: for what takes much memory. */
export async function oneAtATime<T>(action: () => Promise<T>): Promise<T> {
  while (Atomics.compareExchange(turn, 0, 0, 1) !== 0) await Atomics.waitAsync(turn, 0, 1).value;
  try {
    return await action();
  } finally {
    Atomics.store(turn, 0, 0);
    Atomics.notify(turn, 0, 1);
  }
}
