import { getEnvironmentData, setEnvironmentData, workerData } from 'node:worker_threads';

/**
 * Bytes that all pictures decoded at the same time may take in one process. This is enough for a progressive JPEG of 64
 * megapixels, also if EXIF turns it and its colours are halved, as those of cameras are. The allocator keeps up to
 * about as much again from earlier pictures.
 */
export const memoryBudget = 400e6;

const unit = 4096; // bytes; in this unit the sum fits in 32 bits
type Counter = Int32Array<SharedArrayBuffer>;
const counter = (): Counter => new Int32Array(new SharedArrayBuffer(4));

// All threads of the process share this counter: a thread inherits the environment data of the one that starts it.
const key = 'arcbench.memoryBudget';
const reserved = (getEnvironmentData(key) as Counter | undefined) ?? counter();
setEnvironmentData(key, reserved);

/**
 * What one thread holds of the budget. Without it, a thread that ends in the middle of a picture would keep its share
 * forever.
 */
export interface HeldBudget {
  readonly memoryHeld: Counter;
}
const { memoryHeld: held } = { memoryHeld: counter(), ...(workerData as Partial<HeldBudget> | null) };

/** The `workerData` of a thread that decodes pictures. Call `release` when the thread has exited. */
export function budgetOfThread(): HeldBudget & { release(): void } {
  const memoryHeld = counter();
  return { memoryHeld, release: () => giveBack(Atomics.exchange(memoryHeld, 0, 0)) };
}

/**
 * Waits until `bytes` of the process's budget are free, then runs an action. An action that needs more than the whole
 * budget runs alone.
 */
export async function withinBudget<T>(bytes: number, action: () => Promise<T>): Promise<T> {
  const most = Math.floor(memoryBudget / unit);
  const share = Math.min(most, Math.ceil(bytes / unit));
  for (;;) {
    const taken = Atomics.load(reserved, 0);
    if (taken + share > most) await Atomics.waitAsync(reserved, 0, taken).value;
    else if (Atomics.compareExchange(reserved, 0, taken, taken + share) === taken) break;
  }
  Atomics.add(held, 0, share);
  try {
    return await action();
  } finally {
    Atomics.sub(held, 0, share);
    giveBack(share);
  }
}

function giveBack(share: number): void {
  Atomics.sub(reserved, 0, share);
  Atomics.notify(reserved, 0);
}
