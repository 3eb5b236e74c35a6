import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root); // vite.config.ts names its root relative to it
const newest = (folder: string) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
const isStale = (built: string, sources: readonly string[]) =>
  !existsSync(join(root, built)) ||
  sources.some((folder) => newest(join(root, folder)) > statSync(join(root, built)).mtimeMs);

// Builds the screens and the window's two bundles, each only where a source is newer than what was built.
if (isStale('dist/renderer/index.html', ['src-renderer', 'src-shared', 'resources/icon']))
  await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' });
if (isStale('dist/electron/preload.cjs', ['src-main/doors', 'src-shared'])) await import('./buildDoor.ts');
