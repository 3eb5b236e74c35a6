import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';

/** Throws 'wrong-input' where permissions forbid to remove a run's folder: a removal that stops half-way would leave a part of it. */
export function refuseFixedFiles(id: string, folder: string): void {
  if (!existsSync(folder)) return;
  const within = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const changed of [dirname(folder), folder, ...within]) {
    try {
      accessSync(changed, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new ArcBenchError('wrong-input', `The files of run ${id} cannot be removed: ${changed} must be writable; change its permissions, and try again.`, { cause });
    }
  }
}
