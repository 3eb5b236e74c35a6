import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeWhole } from '../files/writeWhole.ts';
import { syncFolderSync } from '../files/syncFolder.ts';
import { writeAllSync } from '../files/writeWholeSync.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import { runPointSchema, type RunPoint } from './pointStream.ts';

const pointsSchema = z.array(runPointSchema);
export const pointLogOf = (runFolder: string): string => runFiles(runFolder).points;
const sumOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
function lineOf(points: readonly RunPoint[]): string {
  const text = JSON.stringify(points);
  return `${sumOf(text)} ${text}\n`;
}

/**
 * Keeps points beside the checkpoint that counts them, for a database that loses its last commits; each line bears the
 * hash of its own, so that damage to one costs no other.
 */
export function appendPoints(runFolder: string, points: readonly RunPoint[]): void {
  if (points.length === 0) return;
  const path = pointLogOf(runFolder);
  const isNew = !existsSync(path);
  const bytes = Buffer.from(`\n${lineOf(points)}`); // the break ends a line that was cut off
  const file = openSync(path, 'a');
  try {
    writeAllSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) syncFolderSync(runFolder);
}

/** Puts points in the place of all that are kept. */
export const writePoints = async (runFolder: string, points: readonly RunPoint[]): Promise<void> =>
  await writeWhole(pointLogOf(runFolder), lineOf(points));

/** The points that were kept; lines that are damaged are counted and left out. */
export function readPoints(runFolder: string): { readonly points: readonly RunPoint[]; readonly damaged: number } {
  if (!existsSync(pointLogOf(runFolder))) return { points: [], damaged: 0 };
  let damaged = 0;
  const points = readFileSync(pointLogOf(runFolder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const text = line.slice(17);
      if (line.slice(0, 17) === `${sumOf(text)} `) return pointsSchema.parse(JSON.parse(text));
      damaged++;
      return [];
    });
  return { points, damaged };
}
