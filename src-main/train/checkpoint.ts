import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { runWarningSchema } from '../../src-shared/runWarning.ts';
import { syncFolderSync } from '../files/syncFolder.ts';
import { checkpointBefore, formerCheckpointOf, runFiles, temporaryCheckpointOf } from '../files/workspaceFolders.ts';
import { refuseFixed } from '../files/writeWhole.ts';
import { writeSyncedSync } from '../files/writeWholeSync.ts';
import { runPointSchema, type RunPoint } from './pointStream.ts';

const positionSchema = z.strictObject({
  epoch: z.int(), // the epoch that goes on, from 0
  batch: z.int(), // the next batch of it
  step: z.int(), // steps done in all
  sums: z.record(z.string(), z.number()), // of each output of the epoch's steps so far
  bestEpoch: z.int(),
  bestAccuracy: z.number(),
  bestLoss: z.number().nullable().default(null), // on val; epoch counted from 1; 0: none yet
  referenceLoss: z.number().nullable(), // mean loss of the first steps with the whole margin
  seconds: z.number(),
  images: z.int(), // of training so far
  // of all whole epochs; older checkpoints have sentences, which were told
  warnings: z.array(runWarningSchema).catch([]),
  points: z.int().nullable().default(null), // told so far; null: not counted by an older version
});
export type TrainingPosition = z.infer<typeof positionSchema>;

const manifestSchema = z.strictObject({
  version: z.literal(1),
  planHash: z.string(),
  position: positionSchema,
  tensors: z.array(z.strictObject({ name: z.string(), length: z.int(), offset: z.int() })),
  points: z.array(runPointSchema), // that the workbench had not confirmed
  sha256: z.string(),
});

export interface Checkpoint {
  readonly position: TrainingPosition;
  readonly state: Map<string, Float32Array>;
  readonly points: readonly RunPoint[];
  readonly folder: string;
}

/**
 * Writes a checkpoint under a name, whole or not at all: new folder, fsync, manifest with hashes, fsync, fsync of the
 * folder, rename, fsync of the parent.
 */
export function writeCheckpoint(
  runFolder: string,
  name: string,
  content: {
    readonly planHash: string;
    readonly position: TrainingPosition;
    readonly state: ReadonlyMap<string, Float32Array>;
    readonly points: readonly RunPoint[];
  },
): string {
  const parent = runFiles(runFolder).checkpoints;
  if (mkdirSync(parent, { recursive: true }) !== undefined) syncFolderSync(runFolder);
  const folder = join(parent, name);
  const temporary = temporaryCheckpointOf(folder);
  const former = formerCheckpointOf(folder);
  for (const own of [folder, former]) refuseFixed(own, `The checkpoint ${own} cannot be replaced`);
  rmSync(temporary, { recursive: true, force: true });
  const hash = createHash('sha256');
  const tensors: { name: string; length: number; offset: number }[] = [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [tensor, values] of content.state) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    hash.update(bytes);
    chunks.push(bytes);
    tensors.push({ name: tensor, length: values.length, offset });
    offset += bytes.length;
  }
  const manifest: z.infer<typeof manifestSchema> = {
    version: 1,
    planHash: content.planHash,
    position: content.position,
    tensors,
    points: [...content.points],
    sha256: hash.digest('hex'),
  };
  try {
    mkdirSync(temporary);
    writeSyncedSync(join(temporary, 'state.bin'), chunks);
    writeSyncedSync(join(temporary, 'manifest.json'), JSON.stringify(manifest, null, 1));
    syncFolderSync(temporary);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new ArcBenchError(
        'no-space',
        `The disk is full: the checkpoint ${folder} could not be written, and the one before it ` +
          'is kept; free some space and resume.',
        { cause },
      );
    throw cause;
  }
  // Between the two renames only the former folder is there: latestCheckpoint gives it its name back.
  rmSync(former, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, former);
  renameSync(temporary, folder);
  syncFolderSync(parent);
  rmSync(former, { recursive: true, force: true });
  return folder;
}

/** Reads a checkpoint and checks its hashes; throws 'damaged' naming the file. */
export function readCheckpoint(folder: string): Checkpoint & { readonly planHash: string } {
  const damaged = (what: string, cause?: unknown) =>
    new ArcBenchError(
      'damaged',
      `The checkpoint ${folder} is damaged (${what}): the one before it is used, or start the run again.`,
      { cause },
    );
  let manifest: z.infer<typeof manifestSchema>;
  let bytes: Buffer;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
    bytes = readFileSync(join(folder, 'state.bin'));
  } catch (cause) {
    throw damaged('its manifest or state cannot be read', cause);
  }
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.sha256)
    throw damaged('state.bin does not have the hash that its manifest names');
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return {
    folder,
    planHash: manifest.planHash,
    position: manifest.position,
    points: manifest.points,
    state: new Map(
      manifest.tensors.map(({ name, length, offset }) => [name, new Float32Array(content, offset, length)]),
    ),
  };
}

/** The newest whole checkpoint of a run, or null; leftovers of a broken write are swept and damaged ones reported. */
export function latestCheckpoint(
  runFolder: string,
  onDamaged: (message: string) => void,
): (Checkpoint & { readonly planHash: string }) | null {
  const parent = runFiles(runFolder).checkpoints;
  if (!existsSync(parent)) return null;
  const found: (Checkpoint & { readonly planHash: string })[] = [];
  const names = readdirSync(parent);
  for (const name of names) {
    const former = checkpointBefore(name);
    // A crash between the two renames leaves only the former folder: it takes its name back.
    if (former && !names.includes(former)) renameSync(join(parent, name), join(parent, former));
    else if (name.startsWith('.')) rmSync(join(parent, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(parent)) {
    try {
      found.push(readCheckpoint(join(parent, name)));
    } catch (error) {
      if (!(error instanceof ArcBenchError)) throw error;
      onDamaged(error.message);
    }
  }
  return found.sort((a, b) => b.position.step - a.position.step)[0] ?? null;
}
