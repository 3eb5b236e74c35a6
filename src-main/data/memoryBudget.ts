import { getEnvironmentData, setEnvironmentData, workerData } from 'node:worker_threads';

/**
 * Bytes that pictures which are decoded at one time may take in one process; enough for a progressive JPEG of 64
 * megapixels, and for one that EXIF turns where its colours are halved, as a camera's are. What the allocator keeps of
 * pictures before them comes on top, up to about as much again.
 */
export const memoryBudget = 400e6;

const unit = 4096; // so that the sum fits in 32 bits
type Counter = Int32Array<SharedArrayBuffer>;
const counter = (): Counter => new Int32Array(new SharedArrayBuffer(4));

// All threads of the process share it: threads inherit the environment data of the one that starts them.
const key = 'arcbench.memoryBudget';
const reserved = (getEnvironmentData(key) as Counter | undefined) ?? counter();
setEnvironmentData(key, reserved);

/**
 * What one thread holds of the budget, so that a thread that is ended in the middle of a picture leaves nothing
 * reserved for good.
 */
export interface HeldBudget {
  readonly memoryHeld: Counter;
}
const { memoryHeld: held } = { memoryHeld: counter(), ...(workerData as Partial<HeldBudget> | null) };

/** For the `workerData` of a thread that decodes pictures; `release` when it has exited. */
export function budgetOfThread(): HeldBudget & { release(): void } {
  const memoryHeld = counter();
  return { memoryHeld, release: () => giveBack(Atomics.exchange(memoryHeld, 0, 0)) };
}

/**
 * Runs an action once so many bytes of the process's budget are free, whichever thread holds the others; one that needs
 * more than all of it runs alone.
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
