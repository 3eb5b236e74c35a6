import { existsSync } from 'node:fs';
import { chmod, cp } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { writeSynced, writeWholeFolder } from '../../../files/writeWhole.ts';
import type { Store } from '../../../store/store.ts';
import { noSuchRun } from '../../experiment/noSuchRun.ts';
import { writeProjectorFiles } from '../projectorFiles.ts';
import { writeEventFile } from '../tensorboard/writeEventFile.ts';
import { exportedRun } from './exportedRun.ts';
import { writeDocuments } from './writeDocuments.ts';
import { writeOnnxFile } from './writeOnnxFile.ts';

/**
 * Copies what a finished run left behind (saved model, weights, embeddings) and its plan into a new folder, whole or
 * not at all, and adds the forms that other programs read: ONNX, TensorBoard's event file and projector, and a
 * model card. Throws 'wrong-input'.
 */
export async function exportRun(
  store: Store,
  id: string,
  target: string,
): Promise<{ readonly folder: string; readonly files: readonly string[] }> {
  const run = store.run(id);
  if (!run) throw noSuchRun(id);
  const artefacts = store.artefacts(id);
  if (!artefacts.some(({ kind }) => kind === 'savedModel'))
    throw new ArcBenchError(
      'wrong-input',
      `The run ${id} is ${run.status} and has no saved model yet: a trained run was expected; finish it with ` +
        `\`arcbench runs resume ${id}\`.`,
    );
  const folder = resolve(target);
  if (existsSync(folder))
    throw new ArcBenchError('wrong-input', `${folder} is there already: name a folder that does not exist yet.`);
  const summary = { ...run, engine: store.result(id, 'engine'), summary: store.result(id, 'summary') };
  const exported = exportedRun(store, run);
  const made: string[] = [];
  try {
    await writeWholeFolder(folder, async (temporary) => {
      await chmod(temporary, 0o700); // embeddings identify people
      for (const { path } of artefacts) await cp(path, join(temporary, basename(path)), { recursive: true });
      made.push(...(await writeProjectorFiles(temporary, `${run.arm}, seed ${run.seed}`)));
      if (exported) {
        made.push(...(await writeOnnxFile(temporary, exported)));
        made.push(...(await writeEventFile(temporary, store, exported)));
        made.push(...(await writeDocuments(temporary, store, exported)));
      }
      await writeSynced(join(temporary, 'experiment.yaml'), stringify(store.plan(run.planHash)));
      await writeSynced(join(temporary, 'run.json'), `${JSON.stringify(summary, null, 1)}\n`);
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new ArcBenchError(
      'damaged',
      `A file of run ${id} is gone from the workspace (${'path' in error ? String(error.path) : error.message}): ` +
        'delete the run and train it again.',
      { cause: error },
    );
  }
  return {
    folder,
    files: [...artefacts.map(({ path }) => basename(path)), ...made, 'experiment.yaml', 'run.json'],
  };
}
