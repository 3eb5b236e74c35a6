import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from './makeFolders.ts';
import { syncFolderSync } from './syncFolder.ts';

/** Folders at the top of a workspace; whatever lies in them is written whole or not at all. */
export const workspaceAreas = [
  'datasets',
  'experiments',
  'prepared',
  'splits',
  'runs',
  'reports',
  'uploads',
  'people',
] as const;
export type WorkspaceArea = (typeof workspaceAreas)[number];

/** Every path of a workspace. Splits and batches are named after the first characters of a hash. */
export function workspaceFolders(workspace: string) {
  const area = (name: WorkspaceArea) => join(workspace, name);
  return {
    area,
    database: join(workspace, 'arcbench.db'),
    writerLock: join(workspace, 'writer.lock.db'),
    /** Holds the id of the process that writes the workspace. */
    writerId: join(workspace, 'writer.pid'),
    /** Holds the landmarks that were set by hand. */
    landmarks: join(workspace, 'landmarks.json'),
    /** Holds what `arcbench clean` has taken out of its place while its files are deleted. */
    removing: join(workspace, 'removing'),
    dataset: (hash: string) => join(area('datasets'), `${hash}.json`),
    experiment: (id: string) => join(area('experiments'), `${id}.yaml`),
    preparedSet: (hash: string) => join(area('prepared'), hash),
    demoFaces: (key: string) => join(area('prepared'), `demo-${key}`),
    split: (hash: string) => join(area('splits'), hash.slice(0, 16)),
    run: (id: string) => join(area('runs'), id),
    filesOfRun: (id: string) => runFiles(join(area('runs'), id)),
    report: (id: string) => join(area('reports'), id),
    person: (id: string) => join(area('people'), id),
    batch: (planHash: string) => join(workspace, 'batch', planHash.slice(0, 12)),
  };
}

/**
 * The name of a report: the beginning of its plan's hash, and that of the prepared set that its runs saw. A report of
 * the same plan on other data is another one. Reports of older versions are named by their plan only.
 */
export const reportId = (planHash: string, prepared: string): string =>
  `${planHash.slice(0, 12)}-${prepared.slice(0, 8)}`;

/** Every path within the folder of a run. */
export const runFiles = (runFolder: string) => ({
  checkpoints: join(runFolder, 'checkpoints'),
  snapshots: join(runFolder, 'snapshots'),
  projections: join(runFolder, 'projections'),
  points: join(runFolder, 'points.log'),
  /** Holds the id of the process that trains the run. */
  trainerId: join(runFolder, 'trainer.pid'),
  savedModel: join(runFolder, 'model'),
  weights: join(runFolder, 'weights.safetensors'),
  head: join(runFolder, 'head.safetensors'),
  embeddings: join(runFolder, 'embeddings.npy'),
  labels: join(runFolder, 'labels.tsv'),
  /** Holds the event file that training writes for TensorBoard where the plan asks for it. */
  tensorboard: join(runFolder, 'tensorboard'),
});

/**
 * Makes a workspace's folder and its areas, and syncs their names to the disk. Only their owner may open what is made:
 * faces identify people.
 */
export function makeWorkspaceFolders(workspace: string): void {
  for (const folder of [workspace, ...workspaceAreas.map((area) => join(workspace, area))]) {
    const first = makeFolders(folder, 0o700);
    if (first === undefined) continue;
    for (let made = folder; made.length >= first.length; made = dirname(made)) syncFolderSync(dirname(made));
  }
}

// Names of what is being written. A writer that dies leaves them behind, and the next one sweeps them.
export const temporaryFileOf = (path: string): string => `${path}.${process.pid}.tmp`;
export const temporaryFolderOf = (folder: string): string => `${folder}.writing-${process.pid}`;
/** The name of a folder's old content while the new content takes its place. */
export const formerFolderOf = (folder: string): string => `${folder}.former.writing-${process.pid}`;

const receiving = '.receiving-';
/** A name for a file that a browser sends. */
export const receivedFileIn = (uploads: string): string => join(uploads, `${receiving}${randomUUID()}`);
/** Whether a name is that of a file which a browser was sending. */
export const isReceived = (name: string): boolean => name.startsWith(receiving);

const formerCheckpoint = '.old-';
export const temporaryCheckpointOf = (checkpoint: string): string =>
  join(dirname(checkpoint), `.writing-${process.pid}-${basename(checkpoint)}`);
export const formerCheckpointOf = (checkpoint: string): string =>
  join(dirname(checkpoint), `${formerCheckpoint}${basename(checkpoint)}`);
/** The name of the checkpoint whose old content a folder holds; null where it holds none. */
export const checkpointBefore = (name: string): string | null =>
  name.startsWith(formerCheckpoint) ? name.slice(formerCheckpoint.length) : null;

/** The process that was writing what has this name; null where the name says nothing of it. */
export function writerOf(name: string): number | null {
  const [, ofFolder, ofFile] = /\.(?:writing|part)-(\d+)$|\.(\d+)\.tmp$/.exec(name) ?? [];
  const writer = ofFolder ?? ofFile;
  return writer === undefined ? null : Number(writer);
}

/** Whether a name is that of something being written; names of older versions count too. */
export const isLeftover = (name: string): boolean =>
  /^\.(writing|old|receiving)-|\.writing$/.test(name) || writerOf(name) !== null;
