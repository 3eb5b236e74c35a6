import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { runWarningSchema } from '../../src-shared/runWarning.ts';
import { readLargeFile, sha256Of, updateHash } from '../files/largeFile.ts';
import { syncFolderSync } from '../files/syncFolder.ts';
import { checkpointBefore, formerCheckpointOf, runFiles, temporaryCheckpointOf } from '../files/workspaceFolders.ts';
import { refuseFixed } from '../files/writeWhole.ts';
import { writeSyncedSync } from '../files/writeWholeSync.ts';
import { runPointSchema, type RunPoint } from './pointStream.ts';
import { readFault } from '../files/readFault.ts';

const positionSchema = z.strictObject({
  epoch: z.int(), // whole epochs done: the one that goes on, counted from 0
  batch: z.int(), // the next batch of that epoch
  step: z.int(), // steps done in all
  sums: z.record(z.string(), z.number()), // of each step output over the steps of that epoch
  bestEpoch: z.int(), // counted from 1; 0: none yet
  bestAccuracy: z.number(), // on val: of what the plan selects by, which was only accuracy when this was named
  bestLoss: z.number().nullable().default(null), // on val; null: none yet, or written by an older version
  referenceLoss: z.number().nullable(), // mean loss of the first steps with the whole margin
  seconds: z.number(), // of training so far
  images: z.int(), // trained on so far
  warnings: z.array(runWarningSchema).catch([]), // of all whole epochs; an older version's sentences are dropped
  points: z.int().nullable().default(null), // recorded so far; null: an older version did not count them
});
export type TrainingPosition = z.infer<typeof positionSchema>;

const manifestSchema = z.strictObject({
  version: z.literal(1),
  planHash: z.string(),
  position: positionSchema,
  tensors: z.array(z.strictObject({ name: z.string(), length: z.int(), offset: z.int() })),
  points: z.array(runPointSchema), // those that the workbench had not confirmed
  sha256: z.string(), // of state.bin
  manifestSha256: z.string().optional(), // of the other fields; older versions did not write it
});
type Manifest = z.infer<typeof manifestSchema>;

/** The SHA-256 of all other fields of a manifest, in the order of the schema. */
function hashOfManifest(manifest: Manifest): string {
  const { manifestSha256: _, ...fields } = manifestSchema.parse(JSON.parse(JSON.stringify(manifest)));
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

export interface Checkpoint {
  readonly position: TrainingPosition;
  readonly state: Map<string, Float32Array>;
  readonly points: readonly RunPoint[];
  readonly folder: string;
  readonly planHash: string;
}

export interface CheckpointContent {
  readonly planHash: string;
  readonly position: TrainingPosition;
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly points: readonly RunPoint[];
}

/**
 * Writes a checkpoint under a name, whole or not at all, and returns its folder. Throws 'no-space' where the disk is
 * full; the checkpoint of that name before it is then kept.
 */
export function writeCheckpoint(runFolder: string, name: string, content: CheckpointContent): string {
  const parent = runFiles(runFolder).checkpoints;
  if (mkdirSync(parent, { recursive: true }) !== undefined) syncFolderSync(runFolder);
  const folder = join(parent, name);
  const former = formerCheckpointOf(folder);
  for (const own of [folder, former]) refuseFixed(own, `The checkpoint ${own} cannot be replaced`);

  const temporary = temporaryCheckpointOf(folder);
  rmSync(temporary, { recursive: true, force: true });
  try {
    writeContent(temporary, content);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new ArcBenchError(
        'no-space',
        `The disk is full: the checkpoint ${folder} could not be written, and the one before it is kept. Free some ` +
          'space and resume.',
        { cause },
      );
    throw cause;
  }

  // A folder cannot be renamed onto another one: the old one steps aside, and latestCheckpoint brings it back if the
  // process dies in between.
  rmSync(former, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, former);
  renameSync(temporary, folder);
  syncFolderSync(parent);
  rmSync(former, { recursive: true, force: true });
  return folder;
}

/** Writes state and manifest into a new folder, and makes them durable. */
function writeContent(folder: string, { planHash, position, state, points }: CheckpointContent): void {
  const hash = createHash('sha256');
  const tensors: { name: string; length: number; offset: number }[] = [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, values] of state) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    updateHash(hash, bytes);
    chunks.push(bytes);
    tensors.push({ name, length: values.length, offset });
    offset += bytes.length;
  }
  const manifest: Manifest = {
    version: 1,
    planHash,
    position,
    tensors,
    points: [...points],
    sha256: hash.digest('hex'),
  };
  mkdirSync(folder);
  writeSyncedSync(join(folder, 'state.bin'), chunks);
  writeSyncedSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ ...manifest, manifestSha256: hashOfManifest(manifest) }, null, 1),
  );
  syncFolderSync(folder);
}

/**
 * Reads a checkpoint and checks its hash. Throws 'damaged' with the folder's path; 'wrong-input' or 'failed' where it
 * cannot be read now.
 */
export function readCheckpoint(folder: string): Checkpoint {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError(
      'damaged',
      `The checkpoint ${folder} is damaged (${what}): the one before it is used, or start the run again.`,
      { cause },
    );
  let manifest: Manifest;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    bytes = readLargeFile(join(folder, 'state.bin'));
  } catch (cause) {
    throw readFault(cause, folder) ?? damaged('its manifest or state cannot be read', cause);
  }
  if (manifest.manifestSha256 !== undefined && manifest.manifestSha256 !== hashOfManifest(manifest))
    throw damaged('its manifest does not have the hash that it names');
  if (sha256Of(bytes) !== manifest.sha256) throw damaged('state.bin does not have the hash that its manifest names');
  return {
    folder,
    planHash: manifest.planHash,
    position: manifest.position,
    points: manifest.points,
    state: new Map(
      manifest.tensors.map(({ name, length, offset }) => [name, new Float32Array(bytes.buffer, offset, length)]),
    ),
  };
}

/**
 * The newest whole checkpoint of a run, or null where there is none. Sweeps what an interrupted write left behind, and
 * reports damaged checkpoints to `onDamaged`.
 */
export function latestCheckpoint(runFolder: string, onDamaged: (message: string) => void): Checkpoint | null {
  const parent = runFiles(runFolder).checkpoints;
  if (!existsSync(parent)) return null;
  sweepInterrupted(parent);
  let newest: Checkpoint | null = null; // with 360,000 people, each takes gigabytes
  for (const name of readdirSync(parent)) {
    try {
      const found = readCheckpoint(join(parent, name));
      if (!newest || found.position.step > newest.position.step) newest = found;
    } catch (error) {
      if (!(error instanceof ArcBenchError) || error.code !== 'damaged') throw error;
      onDamaged(error.message);
    }
  }
  return newest;
}

/** Takes back a checkpoint that had stepped aside for a new one that never came, and removes half-written folders. */
function sweepInterrupted(parent: string): void {
  const names = readdirSync(parent);
  for (const name of names) {
    const replaced = checkpointBefore(name);
    if (replaced && !names.includes(replaced)) renameSync(join(parent, name), join(parent, replaced));
    else if (name.startsWith('.')) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
