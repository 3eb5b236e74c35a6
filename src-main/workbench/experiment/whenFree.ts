import { setTimeout as wait } from 'node:timers/promises';
import { ArcBenchError } from '../../../src-shared/errors.ts';

const pause = 1000; // milliseconds between two attempts

/**
 * Does something with the store once no other program has locked the database. Throws 'busy' where a stop is asked for
 * before that.
 */
export async function whenFree(action: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ArcBenchError && error.code === 'busy') || signal.aborted) throw error;
    }
    await wait(pause);
  }
}
