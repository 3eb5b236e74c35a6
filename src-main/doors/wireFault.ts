import { printableLines } from '../../src-shared/printable.ts';
import type { WireFault } from '../../src-shared/api.ts';
import { knownFault } from '../files/knownFault.ts';

/** A line for the log of a door; screens never see it. */
export type Log = (line: string) => void;

/**
 * What a screen shows of an error: the sentence of a known fault. Of any other error it shows only what failed; the
 * trace goes to the log.
 */
export function wireFault(error: unknown, what: string, log: Log): WireFault {
  const known = knownFault(error);
  if (known) return { code: known.code, message: known.message };
  log(printableLines(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
  return { code: 'failed', message: `${what} failed, and that is a fault of the program: its log says more.` };
}
