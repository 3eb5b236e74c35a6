import { readFileSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';

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

/** Reads a .npy file of float32 rows; throws 'damaged' for anything else. */
export function readNpy(path: string): { readonly values: Float32Array; readonly size: number } {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError(
      'damaged',
      `${path} is not a whole .npy file of float32 rows (${what}): run the command that made it again.`,
      {
        cause,
      },
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw damaged('it cannot be read', cause);
  }
  if (bytes.length < 12 || bytes.subarray(0, 8).toString('latin1') !== '\x93NUMPY\x01\x00')
    throw damaged('its first bytes are others');
  const start = 10 + bytes.readUInt16LE(8);
  const shape = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \}\s*$/.exec(
    bytes.subarray(10, start).toString('latin1'),
  );
  const rows = Number(shape?.[1]);
  const size = Number(shape?.[2]);
  if (!shape || bytes.length !== start + rows * size * 4) throw damaged('its size does not match its header');
  return {
    values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)),
    size,
  };
}
