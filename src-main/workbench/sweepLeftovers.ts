import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The areas of a workspace in which files and folders are written whole or not at all. */
export const writtenWhole = ['datasets', 'experiments', 'prepared', 'splits', 'runs', 'reports', 'uploads'] as const;
/** Names of what is being written, or was when its writer died. */
export const leftover = /(^\.(writing|old|receiving)-|\.writing$|\.(writing|part)-\d+$|\.\d+\.tmp$)/;

/** Removes what writers that are dead left half-made. The caller holds the workspace: a process id in a name that is not its own is a dead one's. */
export async function sweepLeftovers(workspace: string): Promise<void> {
  for (const area of writtenWhole) {
    for (const name of await readdir(join(workspace, area)).catch(() => [])) {
      const writer = /\.(?:writing|part)-(\d+)$|\.(\d+)\.tmp$/.exec(name);
      if (writer && Number(writer[1] ?? writer[2]) !== process.pid) await rm(join(workspace, area, name), { recursive: true, force: true });
    }
  }
}
