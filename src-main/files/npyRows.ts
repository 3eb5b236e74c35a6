import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readAt } from './largeFile.ts';
import { npyLayout, type NpyLayout } from './npyFile.ts';
import { readFault } from './readFault.ts';

const headerBytes = 2 ** 16; // numpy's header is shorter by far
const valuesOfRead = 2 ** 21; // 8 MiB of float32

/** A .npy file of rows of numbers. Its rows are read when they are asked for, since a million take gigabytes. */
export interface NpyRowsFile {
  readonly rows: number;
  readonly size: number;
  /** Fills [rows, size] with the rows of these numbers, in this order. Throws 'wrong-input' where the file is gone. */
  readInto(rows: ArrayLike<number>, target: Float32Array): void;
}

/**
 * Opens a .npy file of rows of float32 or float64 that any program wrote. Throws 'wrong-input' with one sentence for
 * anything else.
 */
export function openNpyRows(path: string): NpyRowsFile {
  const refuse = (what: string, cause?: unknown) => new ArcBenchError('wrong-input', `${path} ${what}.`, { cause });
  const away = (cause?: unknown) => refuse('went away while it was read: name it again', cause);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw refuse('is not there: a .npy file of embeddings was expected; correct the arm');
  const layout = opened({ path, away }, (file) => {
    const length = fstatSync(file).size;
    const first = new Uint8Array(Math.min(length, headerBytes));
    readAt(file, first, { position: 0 });
    return npyLayout(first, { length, refusal: refuse });
  });
  if (layout.rows === 0) throw refuse('has no rows, and one for each picture was expected');
  return {
    rows: layout.rows,
    size: layout.size,
    readInto: (rows, target) =>
      opened({ path, away }, (file) => {
        for (const run of runsOf(rows, Math.max(1, Math.floor(valuesOfRead / layout.size)))) {
          const values = readRun(file, layout, run);
          if (values === null) throw away();
          target.set(values, run.place * layout.size);
        }
      }),
  };
}

/** Rows that follow one another in the file, and the place of the first one in the target. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly place: number;
}

function* runsOf(rows: ArrayLike<number>, most: number): Generator<Run> {
  for (let place = 0; place < rows.length;) {
    const first = rows[place]!;
    let count = 1;
    while (place + count < rows.length && count < most && rows[place + count] === first + count) count++;
    yield { first, count, place };
    place += count;
  }
}

/** Null where the file ends before the rows do. */
function readRun(file: number, layout: NpyLayout, { first, count }: Run): Float32Array | null {
  const { start, size, isDouble } = layout;
  const values = isDouble ? new Float64Array(count * size) : new Float32Array(count * size);
  const bytes = new Uint8Array(values.buffer);
  const position = start + first * size * values.BYTES_PER_ELEMENT;
  if (readAt(file, bytes, { position }) < bytes.length) return null;
  return values instanceof Float64Array ? Float32Array.from(values) : values;
}

function opened<Result>(
  { path, away }: { readonly path: string; readonly away: (cause: unknown) => Error },
  read: (file: number) => Result,
): Result {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    return read(file);
  } catch (cause) {
    if (cause instanceof ArcBenchError) throw cause;
    throw readFault(cause, path) ?? away(cause);
  } finally {
    if (file !== null) closeSync(file);
  }
}
