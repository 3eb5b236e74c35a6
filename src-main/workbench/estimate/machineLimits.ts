import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { StartEstimate } from '../../../src-shared/startEstimate.ts';
import { keptSpeed } from './machineSpeed.ts';

const largestCard = 192 * 2 ** 30; // bytes; the memory of a card is not known here

/** What this machine has for an experiment: memory that this process may use, and free disk of the workspace. */
export function machineLimits(workspace: string): StartEstimate['machine'] {
  // A container or a batch system may allow less than the machine has.
  const allowed = process.constrainedMemory();
  const memory = allowed > 0 ? Math.min(totalmem(), allowed) : totalmem();
  return {
    memoryBytes: keptSpeed('auto')?.device === 'cuda' ? Math.max(memory, largestCard) : memory,
    freeDiskBytes: freeDisk(workspace),
  };
}

function freeDisk(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null; // not every file system says
  }
}
