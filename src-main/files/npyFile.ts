import { readFileSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readFault } from './readFault.ts';

/** Rows of numbers, [rows, size]. */
export interface NpyRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly size: number;
}

/** A .npy file of float32 rows [rows, size], as numpy writes it. */
export function npyBytes(values: Float32Array, size: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length / size}, ${size}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const prefix = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([
    prefix,
    Buffer.from(padded, 'latin1'),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  ]);
}

/** Reads a .npy file of float32 rows that ArcBench wrote; throws 'damaged' for anything else. */
export function readNpy(path: string): NpyRows {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError(
      'damaged',
      `${path} is not a whole .npy file of float32 rows (${what}): run the command that made it again.`,
      { cause },
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw readFault(cause, path) ?? damaged('it is gone', cause);
  }
  return parseNpy(bytes, (what) => damaged(`it ${what}`));
}

const wanted = 'rows of float32 or float64 as numpy.save writes them were expected';

/** Rows of float32 or float64 in the bytes of a .npy file. `refusal` makes the error of half a sentence. */
export function parseNpy(bytes: Buffer, refusal: (what: string) => Error): NpyRows {
  const major = bytes[6];
  if (bytes.length < 12 || bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY' || (major !== 1 && major !== 2))
    throw refusal(`is no .npy file: ${wanted}`);
  const start = major === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  const { kind, isFortran, sizes } = readHeader(bytes.subarray(major === 1 ? 10 : 12, start).toString('latin1'));
  if (kind !== `'<f4'` && kind !== `'<f8'`)
    throw refusal(`holds values of the kind ${kind || 'unknown'}, and ${wanted}`);
  if (isFortran) throw refusal(`holds its rows in Fortran order, and ${wanted}: save numpy.ascontiguousarray of it`);
  const [rows = 0, size = 0] = sizes;
  if (sizes.length !== 2 || !(rows >= 0) || !(size > 0))
    throw refusal(`has the shape (${sizes.join(', ')}), and [pictures, numbers] was expected`);
  const expected = rows * size * (kind === `'<f4'` ? 4 : 8);
  if (bytes.length !== start + expected)
    throw refusal(`has ${bytes.length - start} bytes of values, where its header says ${expected}: it is cut off`);
  const content = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  const values = kind === `'<f4'` ? new Float32Array(content) : Float32Array.from(new Float64Array(content));
  return { values, rows, size };
}

function readHeader(header: string) {
  const valueOf = (key: string): string => {
    const at = header.indexOf(`'${key}':`);
    return at < 0 ? '' : header.slice(at + key.length + 3).trimStart();
  };
  const shape = valueOf('shape');
  const axes = shape.slice(1, Math.max(1, shape.indexOf(')'))).split(',');
  return {
    kind: valueOf('descr').slice(0, 5),
    isFortran: !valueOf('fortran_order').startsWith('False'),
    sizes: axes
      .map((axis) => axis.trim())
      .filter((axis) => axis !== '')
      .map(Number),
  };
}
