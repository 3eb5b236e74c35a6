import { existsSync, lstatSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Removable } from '../../../../src-shared/answers/systemAnswers.ts';
import { tuningSeeds } from '../../../../src-shared/tune.ts';
import { readPreparedIndex } from '../../../data/preparedSet.ts';
import { bytesBelow } from '../../../files/bytesBelow.ts';
import { isOwn } from '../../../files/ownPath.ts';
import { isLeftover, reportId, workspaceFolders, type WorkspaceArea } from '../../../files/workspaceFolders.ts';
import type { RunRow, Store } from '../../../store/store.ts';
import { haltOf } from '../../experiment/haltOf.ts';
import { readRunFaces } from '../../experiment/runFaces.ts';
import { uploadOf } from '../deleteUpload.ts';

/** What can be removed, with its folder. */
export interface RemovableFolder extends Removable {
  readonly path: string;
}

/** An upload that was written to so recently may not be imported yet. */
const freshUpload = 24 * 3_600_000; // milliseconds
const planBeginning = 12; // characters of a plan's hash in the name of its report

/**
 * What a workspace keeps and nothing needs any more. Only folders of ArcBench's own are named: no symbolic link, and
 * nothing of another user. Of runs, only checkpoints of those that are over: they are never resumed.
 */
export async function findRemovable(store: Store): Promise<readonly RemovableFolder[]> {
  const found = [
    ...checkpointsOf(store),
    ...(await preparedSetsOf(store)),
    ...(await splitsOf(store)),
    ...(await uploadsOf(store)),
    ...(await reportsOf(store)),
  ];
  const own = found.filter(({ path }) => existsSync(path) && isOwn(path));
  return await Promise.all(own.map(async (folder) => ({ ...folder, bytes: await bytesBelow(folder.path) })));
}

type Found = Omit<RemovableFolder, 'bytes'>;

function checkpointsOf(store: Store): Found[] {
  if (!isPlainArea(store, 'runs')) return [];
  return store.runs().flatMap((run): Found[] => {
    const { id, arm, seed, experiment } = run;
    const reason = whyOver(store, run);
    if (reason === null || !isOwn(workspaceFolders(store.workspace).run(id))) return [];
    return [
      {
        id: `checkpoints/${id}`,
        kind: 'checkpoints',
        title: `${arm}, seed ${seed} (${experiment})`,
        reason,
        path: workspaceFolders(store.workspace).filesOfRun(id).checkpoints,
      },
    ];
  });
}

/** Why a run is never resumed; null where it may be. */
function whyOver(store: Store, run: RunRow): string | null {
  const stays = 'Its weights, curves and results stay.';
  if (run.status === 'done') return `The run is done. ${stays} More epochs then start from its weights.`;
  if (haltOf(store, run.id) !== null) return 'Successive halving stopped the run. Its curves stay.';
  const plan = run.status === 'trained' ? store.plan(run.planHash) : null;
  return plan && tuningSeeds(plan).includes(run.seed) ? `The run of tuning is trained. ${stays}` : null;
}

async function preparedSetsOf(store: Store): Promise<Found[]> {
  const used = new Set(store.runs().map(({ id }) => readRunFaces(store, id)?.prepared));
  // By their names: a workspace that was moved has its drawn faces elsewhere than its datasets say.
  const sources = new Set(store.datasets().map(({ source }) => basename(source)));
  return (await foldersIn(store, 'prepared'))
    .filter(({ name }) => (/^[0-9a-f]{64}$/.test(name) ? !used.has(name) : isDrawn(name) && !sources.has(name)))
    .map(({ name, path }) => ({
      id: `prepared/${name}`,
      kind: 'prepared',
      title: isDrawn(name) ? 'Drawn faces' : titleOfSet(path),
      reason: 'No run uses it. It is made again when it is needed.',
      path,
    }));
}

const isDrawn = (name: string): boolean => /^demo-[\w-]+$/.test(name);

function titleOfSet(folder: string): string {
  try {
    const { images, inputSize, alignment } = readPreparedIndex(folder);
    return `${images.length} faces at ${inputSize} pixels, ${alignment}`;
  } catch {
    return 'A prepared set that cannot be read';
  }
}

async function splitsOf(store: Store): Promise<Found[]> {
  const used = store.runs().map(({ splitHash }) => splitHash);
  return (await foldersIn(store, 'splits'))
    .filter(({ name }) => /^[0-9a-f]{16}$/.test(name) && !used.some((hash) => hash.startsWith(name)))
    .map(({ name, path }) => ({
      id: `split/${name}`,
      kind: 'split',
      title: `The folders of split ${name}`,
      reason: 'No run uses it. It is made again when it is needed.',
      path,
    }));
}

async function uploadsOf(store: Store): Promise<Found[]> {
  const used = new Set(store.datasets().map(({ source }) => uploadOf(store.workspace, source)));
  const orphaned: Found[] = [];
  for (const { name, path } of await foldersIn(store, 'uploads')) {
    if (used.has(path) || Date.now() - (await stat(path)).mtimeMs < freshUpload) continue;
    orphaned.push({
      id: `upload/${name}`,
      kind: 'upload',
      title: `Uploaded pictures ${name}`,
      reason: 'They belong to no dataset. Upload them again to use them.',
      path,
    });
  }
  return orphaned;
}

async function reportsOf(store: Store): Promise<Found[]> {
  const runs = store.runs();
  // Older versions named a report by its plan only.
  const used = new Set(
    runs.flatMap(({ id, planHash }) => [
      reportId(planHash, readRunFaces(store, id)?.prepared ?? ''),
      planHash.slice(0, planBeginning),
    ]),
  );
  return (await foldersIn(store, 'reports'))
    .filter(({ name }) => /^[0-9a-f]{12}(?:-[0-9a-f]{8})?$/.test(name) && !used.has(name))
    .map(({ name, path }) => {
      const hash = store.planHashOf(name.slice(0, planBeginning));
      const plan = hash === null ? null : store.plan(hash);
      return {
        id: `report/${name}`,
        kind: 'report',
        title: `The report on ${plan?.name ?? name}`,
        reason: 'All its runs were deleted, so it cannot be written again.',
        path,
      };
    });
}

/** The folders of an area, without what is being written; none where the area itself leads elsewhere. */
async function foldersIn(store: Store, area: WorkspaceArea) {
  const folder = workspaceFolders(store.workspace).area(area);
  if (!isPlainArea(store, area)) return [];
  return (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !isLeftover(entry.name))
    .map(({ name }) => ({ name, path: join(folder, name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether an area is a folder and no link: nothing outside the workspace is removed. */
const isPlainArea = (store: Store, area: WorkspaceArea): boolean =>
  lstatSync(workspaceFolders(store.workspace).area(area), { throwIfNoEntry: false })?.isDirectory() ?? false;
