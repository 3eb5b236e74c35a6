import { ArcBenchError } from '../../src-shared/errors.ts';
import { readLargeFile } from './largeFile.ts';
import { readFault } from './readFault.ts';

/** Rows of numbers, [rows, size]. */
export interface NpyRows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly size: number;
}

/** A .npy file of float32 rows [rows, size], as numpy writes it. */
export const npyBytes = (values: Float32Array, size: number): Buffer => Buffer.concat([...npyPieces([values], size)]);

/** The same file in pieces, of rows that lie in several arrays. */
export function* npyPieces(parts: readonly Float32Array[], size: number): Generator<Uint8Array> {
  yield npyHeader(parts.reduce((sum, values) => sum + values.length, 0) / size, size);
  for (const values of parts) yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What stands before the values in a .npy file of float32 rows. */
export function npyHeader(rows: number, size: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${size}), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const prefix = [0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8];
  return Buffer.concat([Buffer.from(prefix), Buffer.from(padded, 'latin1')]);
}

/** Reads a .npy file of float32 rows that ArcBench wrote; throws 'damaged' for anything else. */
export function readNpy(path: string): NpyRows {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError(
      'damaged',
      `${path} is not a whole .npy file of float32 rows (${what}): run the command that made it again.`,
      { cause },
    );
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = readLargeFile(path);
  } catch (cause) {
    throw readFault(cause, path) ?? damaged('it is gone', cause);
  }
  return parseNpy(bytes, (what) => damaged(`it ${what}`));
}

const wanted = 'rows of float32 or float64 as numpy.save writes them were expected';

/** Rows of float32 or float64 in the bytes of a .npy file. `refusal` makes the error of half a sentence. */
export function parseNpy(bytes: Uint8Array<ArrayBuffer>, refusal: (what: string) => Error): NpyRows {
  const { start, rows, size, isDouble } = npyLayout(bytes, { length: bytes.length, refusal });
  // A view where the values are aligned, as numpy aligns them: a copy would take as much memory again.
  const own = (bytes.byteOffset + start) % 8 === 0 ? bytes.subarray(start) : bytes.slice(start);
  const values = isDouble
    ? Float32Array.from(new Float64Array(own.buffer, own.byteOffset, rows * size))
    : new Float32Array(own.buffer, own.byteOffset, rows * size);
  return { values, rows, size };
}

/** Where the values of a .npy file begin, and what they are. */
export interface NpyLayout {
  readonly start: number; // bytes
  readonly rows: number;
  readonly size: number;
  readonly isDouble: boolean;
}

/** Reads the header of a .npy file of `length` bytes from its first bytes. Throws what `refusal` makes. */
export function npyLayout(
  bytes: Uint8Array,
  { length, refusal }: { readonly length: number; readonly refusal: (what: string) => Error },
): NpyLayout {
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  const major = bytes[6];
  if (bytes.length < 12 || text(0, 6) !== '\x93NUMPY' || (major !== 1 && major !== 2))
    throw refusal(`is no .npy file: ${wanted}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = major === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  const { kind, isFortran, sizes } = readHeader(text(major === 1 ? 10 : 12, start));
  if (kind !== `'<f4'` && kind !== `'<f8'`)
    throw refusal(`holds values of the kind ${kind || 'unknown'}, and ${wanted}`);
  if (isFortran) throw refusal(`holds its rows in Fortran order, and ${wanted}: save numpy.ascontiguousarray of it`);
  const [rows = 0, size = 0] = sizes;
  if (sizes.length !== 2 || !(rows >= 0) || !(size > 0))
    throw refusal(`has the shape (${sizes.join(', ')}), and [pictures, numbers] was expected`);
  const expected = rows * size * (kind === `'<f4'` ? 4 : 8);
  if (length !== start + expected)
    throw refusal(
      `has ${Math.max(0, length - start)} bytes of values, where its header says ${expected}: it is cut off`,
    );
  return { start, rows, size, isDouble: kind === `'<f8'` };
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
