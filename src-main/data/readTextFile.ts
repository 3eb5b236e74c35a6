import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';

const byteLimit = 256 * 2 ** 20; // CelebA's longest list has 12 MB

/** The text of a file that a user names, in UTF-8. Throws 'wrong-input' where it is no file, cannot be read or is far too long. */
export function readTextFile(path: string): string {
  const wrong = (how: string, cause?: unknown) => new ArcBenchError('wrong-input', `${path} cannot be read as text (${how}): a text file was expected; correct the path or the file.`, { cause });
  try {
    const found = statSync(path);
    if (!found.isFile()) throw wrong('it is no file');
    if (found.size > byteLimit) throw wrong(`it has ${found.size} bytes, more than ${byteLimit}`);
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw error instanceof ArcBenchError ? error : wrong(error instanceof Error && 'code' in error ? String(error.code) : 'the system refuses', error);
  }
}
