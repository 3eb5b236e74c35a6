import { printableLines } from '../../src-shared/printable.ts';
import type { WireFault } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** A line for the log of a door; screens never see it. */
export type Log = (line: string) => void;

/** What a screen is told of an error: an ArcBenchError's own sentence; of anything else only what failed, while its trace goes to the log. */
export function wireFault(error: unknown, what: string, log: Log): WireFault {
  if (error instanceof ArcBenchError) return { code: error.code, message: error.message };
  log(printableLines(`${what}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`));
  return { code: 'failed', message: `${what} failed, and that is a fault of the program: its log says more.` };
}
