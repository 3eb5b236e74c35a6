import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftover, workspaceFolders } from '../../../files/workspaceFolders.ts';
import { verifySplitFolders } from '../../../split/splitFolders.ts';
import { namesIn, type WorkspaceCheck } from './faultList.ts';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { ifGone } from '../../../files/readFault.ts';

/** Verifies the folders of splits against their manifests, and the manifests against the store. */
export async function checkSplits({ store, faults, onProgress }: WorkspaceCheck): Promise<void> {
  const splits = workspaceFolders(store.workspace).area('splits');
  for (const name of await namesIn(splits)) {
    if (isLeftover(name)) continue;
    onProgress(`split ${name}`);
    const folder = join(splits, name);
    await faults.unlessUnread(folder, async () => {
      const [problem, ...more] = await problemsOf(folder, store.split(name)?.manifestHash ?? null);
      if (problem === undefined) return;
      const others = more.length > 0 ? ` and ${more.length} more` : '';
      await faults.addRemovable(folder, `The split's folders are not whole (${problem}${others}).`);
    });
  }
}

async function problemsOf(folder: string, manifestHash: string | null): Promise<readonly string[]> {
  const manifest = await readFile(join(folder, 'manifest.json')).catch(ifGone(join(folder, 'manifest.json'), null));
  if (manifest === null) return ['manifest.json is missing.'];
  const problems = await verifySplitFolders(folder).catch((error: unknown) => {
    if (error instanceof ArcBenchError) throw error;
    return ['manifest.json is not whole.'];
  });
  if (manifestHash === null || createHash('sha256').update(manifest).digest('hex') === manifestHash) return problems;
  return [...problems, 'manifest.json is not the one that the store knows.'];
}
