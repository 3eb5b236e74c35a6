import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import type { Store } from '../../../store/store.ts';
import { exportRun } from './exportRun.ts';

/** Files of numbers, which compression makes hardly smaller. */
const numbers = /\.(?:onnx|safetensors|bin|npy)$/;

/** The export of a run as a ZIP archive. Throws as exportRun does. */
export async function runArchive(store: Store, id: string): Promise<Uint8Array> {
  const parent = await mkdtemp(join(tmpdir(), 'arcbench-export-')); // only its owner may open it
  try {
    const name = `run-${id}`;
    await exportRun(store, id, { target: join(parent, name), pictures: false });
    const files: Zippable = {};
    for (const entry of await readdir(parent, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const level = numbers.test(entry.name) ? 0 : 6;
      files[relative(parent, path).split(sep).join('/')] = [await readFile(path), { level }];
    }
    return zipSync(files, { mtime: '2000-01-01' });
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}
