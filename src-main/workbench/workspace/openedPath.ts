import { realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { isBelow } from '../../files/isBelow.ts';

/**
 * The real path of what a screen names, if it lies below a root that the user opened. Throws 'wrong-input', which does
 * not reveal whether it exists.
 */
export async function openedPath(path: string, roots: readonly string[]): Promise<string> {
  if (isAbsolute(path) && (await isBelow(path, roots))) return await realpath(path);
  throw new ArcBenchError(
    'wrong-input',
    `${path} is not there, or lies outside the folders that this workbench may open. Choose a path below ` +
      `${roots.join(' or ')}, or drop the folder on Datasets. To open other folders, start arcbench serve with --open.`,
  );
}
