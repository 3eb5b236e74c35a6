import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** The real path of what a screen names, if it lies below a root that the user opened. Throws 'wrong-input' without telling whether it is there. */
export async function openedPath(path: string, roots: readonly string[]): Promise<string> {
  const refusal = new ArcBenchError('wrong-input', `${path} lies outside the folders that this workbench may open, or is not there: choose a path below ${roots.join(' or ')}, drop its folder on Datasets in the app, or start arcbench serve with --open and that folder.`);
  if (!isAbsolute(path) || path.includes('\0')) throw refusal;
  const real = await realpath(resolve(path)).catch(() => null);
  if (real === null) throw refusal;
  for (const root of roots) {
    const way = relative(await realpath(root).catch(() => root), real);
    if (way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return real;
  }
  throw refusal;
}
