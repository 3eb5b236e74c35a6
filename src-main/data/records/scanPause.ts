import { ArcBenchError } from '../../../src-shared/errors.ts';

/** How the caller hears of a long scan of a record file and stops it. */
export interface ScanOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Lets other work go on during a long scan. Throws 'cancelled' where it is stopped. */
export async function pauseScan(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw new ArcBenchError('cancelled', 'Reading the record file was stopped: run the same again.');
}
