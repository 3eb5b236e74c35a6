import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const held = new Set<string>(); // by this process: a lock file with its own id may be a dead one's

/** Makes this process the one writer of a workspace and returns its release; throws 'busy' naming the other process. A dead process's lock is taken over. */
export function lockWorkspace(workspace: string): () => void {
  const path = join(workspace, 'writer.lock');
  if (held.has(path)) throw new ArcBenchError('busy', `The workspace ${workspace} is open in this process already: close it first.`);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      held.add(path);
      return () => {
        held.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new ArcBenchError('wrong-input', `The workspace ${workspace} cannot be written: make it writable or choose another with --workspace.`, { cause: error });
      }
    }
    const owner = Number(readFileSync(path, 'utf8'));
    if (owner > 0 && owner !== process.pid && isAlive(owner)) {
      throw new ArcBenchError('busy', `The workspace ${workspace} is in use by process ${owner}: wait until it ends, or choose another workspace with --workspace.`);
    }
    rmSync(path, { force: true });
  }
  throw new ArcBenchError('busy', `The workspace ${workspace} is being opened by another process: try again.`);
}
