import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { appendOwn } from '../files/ownPath.ts';
import { writeWhole } from '../files/writeWhole.ts';
import { syncFolderSync } from '../files/syncFolder.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import { writeAllSync } from '../files/writeWholeSync.ts';
import { runPointSchema, type RunPoint } from './pointStream.ts';

const pointsSchema = z.array(runPointSchema);
const sumLength = 16; // hexadecimal digits

export const pointLogOf = (runFolder: string): string => runFiles(runFolder).points;
const sumOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, sumLength);

function lineOf(points: readonly RunPoint[]): string {
  const text = JSON.stringify(points);
  return `${sumOf(text)} ${text}\n`;
}

/**
 * Appends points to a log beside the checkpoint that counts them, in case the database loses its last commits. Each
 * line has its own hash, so damage to one line costs no other.
 */
export function appendPoints(runFolder: string, points: readonly RunPoint[]): void {
  if (points.length === 0) return;
  const path = pointLogOf(runFolder);
  const isNew = !existsSync(path);
  const bytes = Buffer.from(`\n${lineOf(points)}`); // the first line break ends a line that was cut off
  const file = openSync(path, appendOwn);
  try {
    writeAllSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) syncFolderSync(runFolder);
}

/** Replaces the log by these points. */
export const writePoints = async (runFolder: string, points: readonly RunPoint[]): Promise<void> =>
  await writeWhole(pointLogOf(runFolder), lineOf(points));

/** The points of the log. Damaged lines are left out and counted. */
export function readPoints(runFolder: string): { readonly points: readonly RunPoint[]; readonly damaged: number } {
  if (!existsSync(pointLogOf(runFolder))) return { points: [], damaged: 0 };
  let damaged = 0;
  const points = readFileSync(pointLogOf(runFolder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const text = line.slice(sumLength + 1);
      if (line === `${sumOf(text)} ${text}`) return pointsSchema.parse(JSON.parse(text));
      damaged++;
      return [];
    });
  return { points, damaged };
}
