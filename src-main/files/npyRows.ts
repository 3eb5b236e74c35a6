import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** Rows of numbers, [rows, size]. */
export interface NpyRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly size: number;
}

const expected = 'rows of float32 or float64 as numpy.save writes them were expected';
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
    throw refuse('cannot be read: make it readable', cause);
  }
  const major = bytes[6];
  if (bytes.length < 12 || bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY' || (major !== 1 && major !== 2))
    throw refuse(`is no .npy file: ${expected}`);
  const start = major === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  const header = bytes.subarray(major === 1 ? 10 : 12, start).toString('latin1');
  const valueOf = (key: string): string => {
    const at = header.indexOf(`'${key}':`);
    return at < 0 ? '' : header.slice(at + key.length + 3).trimStart();
  };
  const kind = valueOf('descr').slice(0, 5);
  const shape = valueOf('shape');
  const axes = shape
    .slice(1, Math.max(1, shape.indexOf(')')))
    .split(',')
    .map((axis) => axis.trim());
  const sizes = axes.filter((axis) => axis !== '').map(Number);
  const bytesEach = kind === `'<f4'` ? 4 : 8;
  if (kind !== `'<f4'` && kind !== `'<f8'`)
    throw refuse(`holds values of the kind ${kind || 'unknown'}, and ${expected}`);
  if (!valueOf('fortran_order').startsWith('False'))
    throw refuse(`holds its rows in Fortran order, and ${expected}: save numpy.ascontiguousarray of it`);
  const [rows = 0, size = 0] = sizes;
  if (sizes.length !== 2 || !(rows > 0) || !(size > 0))
    throw refuse(`has the shape (${sizes.join(', ')}), and [pictures, numbers] was expected`);
  if (bytes.length !== start + rows * size * bytesEach)
    throw refuse(
      `has ${bytes.length - start} bytes of values, where its header says ${rows * size * bytesEach}: it is cut off`,
    );
  const content = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  const values = bytesEach === 4 ? new Float32Array(content) : Float32Array.from(new Float64Array(content));
  return { values, rows, size };
}
