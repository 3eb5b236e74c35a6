import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { decodeText, type TextEncoding } from './decodeText.ts';
import { readFault } from './readFault.ts';

const byteLimit = 256 * 2 ** 20; // CelebA's longest list has 12 MB

/**
 * The text of a file that a user names, in UTF-8, UTF-16 or Windows-1252. Throws 'wrong-input' where it is no file,
 * cannot be read or is far too long; the sentence ends with `wanted`.
 */
export const readTextFile = (path: string, wanted?: string): string => readEncodedText(path, wanted).text;

/** As `readTextFile`, with the encoding of the file. */
export function readEncodedText(
  path: string,
  wanted = 'a text file was expected; correct the path or the file',
): { readonly text: string; readonly encoding: TextEncoding } {
  const wrong = (how: string, cause?: unknown) =>
    new ArcBenchError('wrong-input', `${path} ${how}: ${wanted}.`, { cause });
  try {
    const found = statSync(path);
    if (!found.isFile()) throw wrong('is no file');
    if (found.size > byteLimit) throw wrong(`has ${found.size} bytes, more than the ${byteLimit} that are read`);
    return decodeText(readFileSync(path));
  } catch (error) {
    if (error instanceof ArcBenchError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'the system refuses';
    throw readFault(error, path) ?? wrong(code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`, error);
  }
}
