import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { isNameHere } from '../../files/plainName.ts';
import { receivedFileIn } from '../../files/workspaceFolders.ts';
import { diskError, makeFolder, replaceFile } from '../../files/writeWhole.ts';

const byteLimit = 512 * 2 ** 20;
const depthLimit = 16;

const takenName = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ENAMETOOLONG', 'EILSEQ', 'EINVAL'].includes(String(error.code));

/**
 * Writes one file that a browser sends into <folder>/<upload>/<path>, whole or not at all; returns the upload's folder.
 * Throws 'wrong-input' or 'no-space'.
 */
export async function receiveFile(
  folder: string,
  { upload, path }: { readonly upload: string; readonly path: string },
  content: Readable,
): Promise<{ readonly folder: string }> {
  const segments = path.split('/');
  if (
    !/^[\w-]{1,64}$/.test(upload) ||
    segments.length > depthLimit ||
    !segments.every((segment) => isNameHere(segment))
  ) {
    throw new ArcBenchError(
      'wrong-input',
      `The path ${path.slice(0, 200)} cannot be taken: plain names of at most 255 bytes, at most ` +
        `${depthLimit} folders deep, were expected; rename the file or its folder.`,
    );
  }
  const target = join(folder, upload, ...segments);
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(
        bytes > byteLimit
          ? new ArcBenchError(
              'wrong-input',
              `${path} has more than ${byteLimit / 2 ** 20} MiB: pictures are smaller; leave it out.`,
            )
          : null,
        chunk,
      );
    },
  });
  try {
    await makeFolder(dirname(target));
    await replaceFile(
      target,
      (temporary) => pipeline(content, counted, createWriteStream(temporary, { flags: 'wx', flush: true })),
      receivedFileIn(folder),
    );
  } catch (error) {
    throw takenName(error)
      ? new ArcBenchError(
          'wrong-input',
          `${path.slice(0, 200)} cannot be kept: its name is too long for this system, or a file and a ` +
            'folder have the same name; rename one of them.',
          { cause: error },
        )
      : diskError(error, target);
  }
  return { folder: join(folder, upload) };
}
