import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** The paths of a workspace as it keeps them, so that it may be moved, and as they are. */
export interface StoredPaths {
  /** Relative to the workspace and with slashes if the path lies there; as it is otherwise. */
  stored(path: string): string;
  /** Where a path that was kept is now. */
  opened(stored: string): string;
}

/** How a workspace keeps paths. */
export function storedPaths(workspace: string): StoredPaths {
  const folder = resolve(workspace);
  const roots = new Set([folder, realPathOf(folder)]);
  return {
    stored(path) {
      const root = [...roots].find((own) => path === own || path.startsWith(own + sep));
      if (root === undefined) return path;
      const way = relative(root, path);
      if (way === '') return '.';
      // A source that is called demo would be taken for the drawn faces.
      return isInside(way) && way !== 'demo' ? way.split(sep).join('/') : path;
    },
    opened: (stored) => (isAbsolute(stored) ? stored : join(folder, stored)),
  };
}

/**
 * Where a file of a run is now. Older versions kept such paths absolute, and their workspace may have been moved since:
 * what follows the run's folder counts.
 */
export function pathOfRun(runFolder: string, run: string, stored: string): string {
  const folder = `/runs/${run}`;
  const slashed = `/${stored}`.replaceAll(sep, '/');
  const at = slashed.lastIndexOf(`${folder}/`);
  return at < 0 ? runFolder : join(runFolder, slashed.slice(at + folder.length + 1));
}

/**
 * Where a path is now, given the places where its workspace was before: a path below one of them has moved along, if it
 * is found in the workspace.
 */
export function relocatedPath(
  { workspace, before }: { readonly workspace: string; readonly before: readonly string[] },
  path: string,
): string {
  for (const place of before) {
    const way = relative(place, path);
    const now = resolve(workspace, way);
    if ((way === '' || isInside(way)) && existsSync(now)) return now;
  }
  return path;
}

const isInside = (way: string): boolean =>
  way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);

function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
