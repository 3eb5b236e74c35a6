import { existsSync } from 'node:fs';
import { chmod, cp, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import { refuseTaken, writeNewFolder } from '../../../files/newTarget.ts';
import { workspaceFolders } from '../../../files/workspaceFolders.ts';
import { writeSynced } from '../../../files/writeWhole.ts';
import type { Store } from '../../../store/store.ts';
import { originOf } from '../../experiment/originOf.ts';
import { refuseGiven } from '../../experiment/givenOfRun.ts';
import { noSuchRun } from '../../experiment/noSuchRun.ts';
import { writeProjectorFiles } from '../projectorFiles.ts';
import { writeEventFile } from '../tensorboard/writeEventFile.ts';
import { exportedRun } from './exportedRun.ts';
import { portablePlan } from './portablePlan.ts';
import { writeDocuments } from './writeDocuments.ts';
import { writeOnnxFile } from './writeOnnxFile.ts';

export interface ExportedRun {
  readonly folder: string;
  readonly files: readonly string[];
  /** Where the pictures are that the plan of the export names. */
  readonly source: string;
}

/**
 * Copies what a finished run left behind (saved model, weights, embeddings), its plan with the files that this names,
 * and the manifest of its split into a new folder, whole or not at all, and adds the forms that other programs read:
 * ONNX, TensorBoard's event file and projector, and a model card. With `pictures`, the pictures of the split are copied
 * too, and the plan runs anywhere. Throws 'wrong-input'.
 */
export async function exportRun(
  store: Store,
  id: string,
  { target, pictures }: { readonly target: string; readonly pictures: boolean },
): Promise<ExportedRun> {
  const run = store.run(id);
  if (!run) throw noSuchRun(id);
  refuseGiven(store, run, 'there is no model of its own to export');
  const artefacts = store.artefacts(id);
  if (!artefacts.some(({ kind }) => kind === 'savedModel'))
    throw new ArcBenchError(
      'wrong-input',
      `The run ${id} is ${run.status} and has no saved model yet: a trained run was expected; finish it with ` +
        `\`arcbench runs resume ${id}\`.`,
    );
  const folder = resolve(target);
  refuseTaken(folder);
  const plan = store.plan(run.planHash);
  if (!plan)
    throw new ArcBenchError('damaged', `The plan of run ${id} is not in the store: start the experiment again.`);
  const splitFolder = workspaceFolders(store.workspace).split(run.splitHash);
  if (pictures && !existsSync(splitFolder))
    throw new ArcBenchError(
      'wrong-input',
      `The folders of the split of run ${id} are gone from the workspace: run its experiment again, or export ` +
        'without --pictures.',
    );
  const base = { store, baseFolder: originOf(store, id)?.baseFolder ?? store.workspace };
  let source = '';
  const result = (name: string) => store.result(id, name);
  const summary = {
    ...run,
    engine: result('engine'),
    summary: result('summary'),
    // a run that starts from the export knows where it came from
    ...(result('ancestry') !== null && { ancestry: result('ancestry'), ancestorPeople: result('ancestorPeople') }),
  };
  const exported = exportedRun(store, run);
  const made: string[] = [];
  try {
    const write = async (temporary: string) => {
      await chmod(temporary, 0o700); // embeddings identify people
      for (const { path } of artefacts) await cp(path, join(temporary, basename(path)), { recursive: true });
      made.push(...(await writeProjectorFiles(temporary, `${run.arm}, seed ${run.seed}`)));
      if (exported) {
        made.push(...(await writeOnnxFile(temporary, exported)));
        made.push(...(await writeEventFile(temporary, store, exported)));
        made.push(...(await writeDocuments(temporary, store, exported)));
      }
      const portable = await portablePlan(temporary, plan, {
        base,
        seed: run.seed,
        splitFolder: pictures ? splitFolder : null,
      });
      ({ source } = portable.data);
      await writeSynced(join(temporary, 'experiment.yaml'), stringify(portable));
      const manifest = join(splitFolder, 'manifest.json');
      if (existsSync(manifest)) await cp(manifest, join(temporary, 'split.json'));
      await writeSynced(join(temporary, 'run.json'), `${JSON.stringify(summary, null, 1)}\n`);
    };
    await writeNewFolder(folder, write); // a place that takes nothing is no damage
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new ArcBenchError(
      'damaged',
      `A file of run ${id} is gone from the workspace (${'path' in error ? String(error.path) : error.message}): ` +
        'delete the run and train it again.',
      { cause: error },
    );
  }
  const named = new Set([...artefacts.map(({ path }) => basename(path)), ...made]);
  const others = (await readdir(folder)).filter((name) => !named.has(name)).sort();
  return { folder, files: [...named, ...others], source };
}
