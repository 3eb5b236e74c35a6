import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { parseNpy, type NpyRows } from './npyFile.ts';
import { readFault } from './readFault.ts';

const mostBytes = 2 ** 32;

/**
 * Reads a .npy file of rows of float32 or float64 that any program wrote. Throws 'wrong-input' with one sentence for
 * anything else.
 */
export function readNpyRows(path: string): NpyRows {
  const refuse = (what: string, cause?: unknown) => new ArcBenchError('wrong-input', `${path} ${what}.`, { cause });
  const state = statSync(path, { throwIfNoEntry: false });
  if (!state?.isFile()) throw refuse('is not there: a .npy file of embeddings was expected; correct the arm');
  if (state.size > mostBytes) throw refuse(`has ${state.size} bytes, more than the ${mostBytes} that are read`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readFault(cause, path) ?? refuse('went away while it was read: name it again', cause);
  }
  const read = parseNpy(bytes, refuse);
  if (read.rows === 0) throw refuse('has no rows, and one for each picture was expected');
  return read;
}
