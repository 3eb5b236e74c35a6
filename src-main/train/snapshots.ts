import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { npyBytes } from '../files/npyFile.ts';
import { makeFolder, writeWhole } from '../files/writeWhole.ts';
import { readFault } from '../files/readFault.ts';

const mostSnapshots = 30;
const indexName = 'index.json';
/** The most val pictures in a snapshot. */
export const mostShown = 2000;

/**
 * Whether an epoch, counted from 1, leaves a snapshot: every epoch, or every second, fourth and so on, counted back
 * from the last, so that a run has at most 30.
 */
export function leavesSnapshot(epoch: number, epochs: number): boolean {
  let every = 1;
  while (Math.ceil(epochs / every) > mostSnapshots) every *= 2;
  return (epochs - epoch) % every === 0;
}

const fileOf = (epoch: number) => `epoch-${String(epoch).padStart(5, '0')}.npy`;

/**
 * Writes the unit embeddings [images, size] of some val pictures after an epoch, counted from 1, and the pictures'
 * positions in the prepared set. Each file is written whole or not at all.
 */
export async function writeSnapshot(
  folder: string,
  snapshot: {
    readonly epoch: number;
    readonly units: Float32Array;
    readonly size: number;
    readonly images: readonly number[];
  },
): Promise<void> {
  await makeFolder(folder);
  await writeWhole(join(folder, indexName), JSON.stringify({ images: snapshot.images }));
  await writeWhole(join(folder, fileOf(snapshot.epoch)), npyBytes(snapshot.units, snapshot.size));
}

/**
 * The pictures of a run's snapshots, as positions in the prepared set, and the file of each epoch in rising order.
 * Throws 'damaged'.
 */
export function listSnapshots(folder: string): {
  readonly images: readonly number[];
  readonly epochs: readonly { readonly epoch: number; readonly path: string }[];
} {
  if (!existsSync(folder)) return { images: [], epochs: [] };
  try {
    const { images } = z
      .strictObject({ images: z.array(z.int().min(0)) })
      .parse(JSON.parse(readFileSync(join(folder, indexName), 'utf8')));
    const epochs = readdirSync(folder).flatMap((name) => {
      const epoch = /^epoch-(\d+)\.npy$/.exec(name)?.[1];
      return epoch === undefined ? [] : [{ epoch: Number(epoch), path: join(folder, name) }];
    });
    return { images, epochs: epochs.sort((a, b) => a.epoch - b.epoch) };
  } catch (cause) {
    throw (
      readFault(cause, folder) ??
      new ArcBenchError(
        'damaged',
        `The snapshots in ${folder} are not whole: delete that folder. The run itself is not affected.`,
        { cause },
      )
    );
  }
}
