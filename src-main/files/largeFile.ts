import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Node reads, writes and hashes at most 2 GiB in one call. */
const pieceBytes = 2 ** 28;

/** The pieces of bytes that one call can take. */
export function* pieces(bytes: Uint8Array, most = pieceBytes): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += most) yield bytes.subarray(from, from + most);
}

/** Reads a whole file of any size. Throws the system's error. */
export function readLargeFile(path: string, most = pieceBytes): Uint8Array<ArrayBuffer> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = new Uint8Array(size);
    const read = readAt(file, bytes, { position: 0, most });
    return read === size ? bytes : bytes.slice(0, read); // it was cut short meanwhile
  } finally {
    closeSync(file);
  }
}

/** Fills bytes from a place of an open file, and returns how many the file had. */
export function readAt(
  file: number,
  bytes: Uint8Array,
  { position, most = pieceBytes }: { readonly position: number; readonly most?: number },
): number {
  let read = 0;
  while (read < bytes.length) {
    const got = readSync(file, bytes, read, Math.min(most, bytes.length - read), position + read);
    if (got === 0) break;
    read += got;
  }
  return read;
}

/** Adds bytes of any number to a hash. */
export function updateHash(hash: Hash, bytes: Uint8Array, most = pieceBytes): Hash {
  for (const piece of pieces(bytes, most)) hash.update(piece);
  return hash;
}

/** The SHA-256 of bytes of any number, in hexadecimal. */
export const sha256Of = (bytes: Uint8Array): string => updateHash(createHash('sha256'), bytes).digest('hex');
