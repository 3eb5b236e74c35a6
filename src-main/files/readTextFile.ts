import { readFileSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../src-shared/errors.ts';

const byteLimit = 256 * 2 ** 20; // CelebA's longest list has 12 MB

/**
 * The text of a file that a user names, in UTF-8. Throws 'wrong-input' where it is no file, cannot be read or is far
 * too long; the sentence ends with `wanted`.
 */
export function readTextFile(path: string, wanted = 'a text file was expected; correct the path or the file'): string {
  const wrong = (how: string, cause?: unknown) =>
    new ArcBenchError('wrong-input', `${path} ${how}: ${wanted}.`, { cause });
  try {
    const found = statSync(path);
    if (!found.isFile()) throw wrong('is no file');
    if (found.size > byteLimit) throw wrong(`has ${found.size} bytes, more than the ${byteLimit} that are read`);
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof ArcBenchError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'the system refuses';
    throw wrong(code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`, error);
  }
}
