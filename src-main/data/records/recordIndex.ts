import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Where each record of a record file begins, in the order of the index. */
export interface RecordIndex {
  readonly keys: Uint32Array;
  /** Bytes from the start of the record file. */
  readonly offsets: Float64Array;
}

const chunkBytes = 2 ** 20;
const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const zero = 48;
const nine = 57;
const mostKey = 2 ** 32 - 1;
const mostOffset = Number.MAX_SAFE_INTEGER;

/**
 * Reads an index, lines of `key <tab> offset`, a chunk at a time, so that millions of lines take no more memory than
 * their numbers; a broken one gives the reason, which completes "The index … because …".
 */
export function readRecordIndex(
  path: string,
  { mostRecords }: { readonly mostRecords: number },
): RecordIndex | { readonly reason: string } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'the system refuses';
    return { reason: code === 'ENOENT' ? 'it is not there' : `it cannot be read (${code})` };
  }
  try {
    return fstatSync(file).isFile() ? parseLines(file, mostRecords) : { reason: 'it is no file' };
  } finally {
    closeSync(file);
  }
}

function parseLines(file: number, mostRecords: number): RecordIndex | { readonly reason: string } {
  const chunk = Buffer.alloc(chunkBytes);
  let keys = new Uint32Array(1024);
  let offsets = new Float64Array(1024);
  let count = 0;
  let line = 1;
  let key = -1; // of the line under way, once its tab is read
  let value = -1; // of the number under way, once it has a digit
  let ended = false; // a blank stands behind the offset
  const endOfLine = (): string | null => {
    if (key < 0 && value < 0) return null; // an empty line
    if (key < 0 || value < 0) return `line ${line} is no key and offset`;
    if (key > mostKey || value > mostOffset) return `line ${line} holds a number that is too large`;
    if (count >= mostRecords) return 'it has more lines than the record file can have records';
    if (count === keys.length) {
      keys = grown(keys, new Uint32Array(2 * count));
      offsets = grown(offsets, new Float64Array(2 * count));
    }
    keys[count] = key;
    offsets[count] = value;
    count++;
    key = -1;
    value = -1;
    ended = false;
    return null;
  };
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    for (let at = 0; at < read; at++) {
      const code = chunk[at] as number;
      if (code >= zero && code <= nine) {
        if (ended) return { reason: `line ${line} holds more than a key and an offset` };
        value = (value < 0 ? 0 : value) * 10 + (code - zero);
      } else if (code === tab || code === space) {
        ended ||= key >= 0 && value >= 0;
        if (value < 0 || key >= 0) continue;
        key = value;
        value = -1;
      } else if (code === newline) {
        const reason = endOfLine();
        if (reason !== null) return { reason };
        line++;
      } else if (code !== carriageReturn) return { reason: `line ${line} is no key and offset` };
    }
  }
  const reason = endOfLine();
  if (reason !== null) return { reason };
  return count === 0 ? { reason: 'it is empty' } : { keys: keys.slice(0, count), offsets: offsets.slice(0, count) };
}

function grown<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
