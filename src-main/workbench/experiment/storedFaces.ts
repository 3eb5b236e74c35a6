import { existsSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readDatasetFile } from '../../data/datasetFile.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { RunRow } from '../../store/store.ts';
import { withExcluded } from './gatherFaces.ts';
import { splitOfSeed } from './plannedRuns.ts';
import { readRunFaces } from './runFaces.ts';
import { auditFaces, type SplitFaces } from './splitFaces.ts';
import type { StageOptions } from './stage.ts';

/**
 * The faces that a run saw and their split, from what the workspace keeps of them: the source may have changed since,
 * or be gone. Null if the workspace no longer has them.
 */
export async function storedFaces(options: StageOptions, run: RunRow): Promise<SplitFaces | null> {
  const { store } = options;
  const { preparedSet, split: folderOf } = workspaceFolders(store.workspace);
  const faces = readRunFaces(store, run.id);
  if (!faces?.dataset || !existsSync(preparedSet(faces.prepared))) return null;
  const dataset = await readDatasetFile(store.workspace, faces.list ?? faces.dataset).catch((error: unknown) => {
    if (error instanceof ArcBenchError && error.code === 'damaged') return null;
    throw error;
  });
  if (!dataset) return null;
  const set = withExcluded(openPreparedSet(preparedSet(faces.prepared)), dataset);
  const audited = await auditFaces(options, set);
  if (splitOfSeed(audited, run.seed).hash !== run.splitHash) return null; // an older version split otherwise
  const { hash } = audited.split;
  const manifestHash = store.split(hash)?.manifestHash ?? '';
  return { dataset, set, ...audited, folder: folderOf(hash), manifestHash };
}
