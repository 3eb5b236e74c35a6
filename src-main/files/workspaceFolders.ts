import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';

const areas = ['datasets', 'experiments', 'prepared', 'splits', 'runs', 'reports', 'uploads'] as const;

/** Makes a workspace's folder and its areas, with their names on the disk. */
export function makeAreas(workspace: string): void {
  for (const folder of [workspace, ...areas.map((area) => join(workspace, area))]) {
    const first = mkdirSync(folder, { recursive: true });
    if (first !== undefined)
      for (let made = folder; made.length >= first.length; made = dirname(made)) syncEntries(dirname(made));
  }
}

function syncEntries(folder: string): void {
  if (process.platform === 'win32') return; // which opens no folder
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
