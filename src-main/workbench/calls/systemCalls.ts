import { readdir } from 'node:fs/promises';
import { cpus, platform, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import type { FileEntry } from '../../../src-shared/answers/systemAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { diagnose } from '../../engine/diagnose.ts';
import { userHome } from '../../files/userHome.ts';
import { openToOthers } from '../../files/openToOthers.ts';
import { keepSpeed } from '../estimate/machineSpeed.ts';
import { openedPath } from '../workspace/openedPath.ts';
import type { CallContext, CallsOf } from './callContext.ts';

export function systemCalls({ store, door, roots }: CallContext): CallsOf<'system'> & CallsOf<'files'> {
  return {
    'system.describe': () => ({
      version: packageJson.version,
      door,
      workspace: store.workspace,
      openToOthers: openToOthers(store.workspace),
      platform: platform(),
      home: userHome(),
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
    }),
    'system.diagnose': async () => {
      const found = await diagnose('auto');
      await keepSpeed('auto', found);
      return found;
    },
    'files.list': async ({ path }) => {
      if (path === null)
        return {
          path: null,
          parent: null,
          entries: roots.map((root): FileEntry => ({ name: root, path: root, kind: 'folder' })),
        };
      const folder = await openedPath(path, roots);
      const listed = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
        throw new ArcBenchError('wrong-input', `${path} is no folder that can be read: choose another.`, { cause });
      });
      const entries = listed
        .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || /\.(csv|rec)$/i.test(entry.name)))
        .map((entry): FileEntry => ({
          name: entry.name,
          path: join(folder, entry.name),
          kind: entry.isDirectory() ? 'folder' : 'file',
        }))
        .sort((a, b) => a.kind.localeCompare(b.kind) * -1 || a.name.localeCompare(b.name, 'en', { numeric: true }));
      const above = await openedPath(dirname(folder), roots).catch(() => null);
      return { path: folder, parent: basename(folder) === '' ? null : above, entries };
    },
  };
}
