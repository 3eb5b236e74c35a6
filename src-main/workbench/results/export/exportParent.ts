import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { noParent, pinnedStart, type Ancestry } from '../../../../src-shared/ancestry.ts';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { runFiles } from '../../../files/workspaceFolders.ts';
import { writeSynced } from '../../../files/writeWhole.ts';
import { parentRun, type ParentBase, type ParentRun } from '../../experiment/parentRun.ts';

/** The folder beside an exported plan that holds the runs that it starts from. */
const parentsFolder = 'parents';

/**
 * Copies what is needed to start from a run into an export, and gives the start by its place there. A start whose run
 * is gone stays as it is.
 */
export function parentCopier(folder: string, base: ParentBase): (from: string) => Promise<string> {
  return async (from) => {
    const parent = from === noParent ? null : openOrNull(base, from);
    if (!parent) return from;
    const name = `${parentsFolder}/${parent.ancestor.run}`;
    await copyParent(join(folder, name), parent);
    return pinnedStart(name, parent.sha256);
  };
}

function openOrNull(base: ParentBase, from: string): ParentRun | null {
  try {
    return parentRun(base, from);
  } catch (error) {
    if (error instanceof ArcBenchError) return null;
    throw error;
  }
}

async function copyParent(target: string, parent: ParentRun): Promise<void> {
  const { ancestor, before, peopleBefore } = parent;
  const { run: id, experiment, arm, seed, epochs, bestEpoch } = ancestor;
  const ancestry: Ancestry | undefined =
    before.length > 0 ? { kind: 'from', ancestors: [...before], leaks: [] } : undefined;
  const row = { id, experiment, arm, seed, summary: { epochs, bestEpoch }, ancestry, ancestorPeople: peopleBefore };
  const { weights, head } = runFiles(target);
  await mkdir(target, { recursive: true });
  await cp(parent.weights, weights);
  await cp(parent.head, head);
  if (parent.manifest !== null) await cp(parent.manifest, join(target, 'split.json'));
  await writeSynced(join(target, 'run.json'), `${JSON.stringify(row, null, 1)}\n`);
}
