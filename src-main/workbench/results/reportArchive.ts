import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { workspaceFolders } from '../../files/workspaceFolders.ts';

/** A report's folder as a ZIP archive, equal bytes for equal files. */
export function reportArchive(workspace: string, id: string): Uint8Array {
  const folder = workspaceFolders(workspace).report(id);
  return zipSync(
    Object.fromEntries(readdirSync(folder).map((name) => [`report-${id}/${name}`, readFileSync(join(folder, name))])),
    { mtime: '2000-01-01' },
  );
}
