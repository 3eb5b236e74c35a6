import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { refuseFile } from './storedTensor.ts';
import { readFault } from '../../files/readFault.ts';

const longestHeader = 2 ** 26; // a head names all its classes
const headerSchema = z.looseObject({ __metadata__: z.record(z.string(), z.string()).default({}) });

/** The texts in the header of a safetensors file; its tensors are not read. Throws 'wrong-input'. */
export function safetensorsMetadata(path: string): Readonly<Record<string, string>> {
  const refuse = refuseFile(path);
  try {
    return headerSchema.parse(JSON.parse(headerText(path))).__metadata__;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw (
      readFault(cause, path) ??
      refuse(missing ? 'there is no such file' : 'its header is not that of safetensors', cause)
    );
  }
}

function headerText(path: string): string {
  const file = openSync(path, 'r');
  try {
    const size = Buffer.alloc(8);
    readSync(file, size, 0, 8, 0);
    const length = Number(size.readBigUInt64LE());
    if (!fstatSync(file).isFile() || length > Math.min(longestHeader, fstatSync(file).size - 8))
      throw new Error(`a header of ${length} bytes`);
    const header = Buffer.alloc(length);
    readSync(file, header, 0, length, 8);
    return header.toString('utf8');
  } finally {
    closeSync(file);
  }
}
