import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { verifySplitFolders } from '../../../split/splitFolders.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';

const unreadable = 'manifest.json cannot be read.';

/** Verifies the folders of splits against their manifests, and the manifests against the store. */
export async function checkSplits({ store, faults, onProgress }: WorkspaceCheck): Promise<void> {
  const splits = workspaceFolders(store.workspace).area('splits');
  for (const name of await namesIn(splits)) {
    if (isLeftover(name)) continue;
    onProgress(`split ${name}`);
    const folder = join(splits, name);
    const [problem, ...more] = await problemsOf(folder, store.split(name)?.manifestHash ?? null);
    if (problem === undefined) continue;
    const others = more.length > 0 ? ` and ${more.length} more` : '';
    await faults.addRemovable(folder, `The split's folders are not whole (${problem}${others}).`);
  }
}

async function problemsOf(folder: string, manifestHash: string | null): Promise<readonly string[]> {
  const manifest = await readFile(join(folder, 'manifest.json')).catch(() => null);
  if (manifest === null) return [unreadable];
  const problems = await verifySplitFolders(folder).catch(() => [unreadable]);
  if (manifestHash === null || createHash('sha256').update(manifest).digest('hex') === manifestHash) return problems;
  return [...problems, 'manifest.json is not the one that the store knows.'];
}
