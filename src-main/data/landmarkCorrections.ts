import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';

const correctionsSchema = z.record(z.string(), z.array(z.number()).length(10));
const fileOf = (workspace: string) => workspaceFolders(workspace).landmarks;

/**
 * Landmarks that were set by hand, by the path of their picture; every import of the workspace takes them instead of
 * those it finds. Throws 'damaged'.
 */
export async function landmarkCorrections(workspace: string): Promise<Map<string, readonly number[]>> {
  const text = await readFile(fileOf(workspace), 'utf8').catch(() => '{}');
  try {
    return new Map(Object.entries(correctionsSchema.parse(JSON.parse(text))));
  } catch (cause) {
    throw new ArcBenchError(
      'damaged',
      `${fileOf(workspace)}, which holds landmarks set by hand, cannot be read: bring it back from a copy, ` +
        'or delete it to do without them.',
      { cause },
    );
  }
}

/**
 * Keeps the five landmarks of one picture, ten numbers in pixels of the EXIF-turned picture; null takes the correction
 * back.
 */
export async function correctLandmarks(
  workspace: string,
  path: string,
  landmarks: readonly number[] | null,
): Promise<void> {
  const corrections = await landmarkCorrections(workspace);
  if (landmarks === null) corrections.delete(path);
  else corrections.set(path, landmarks);
  await writeWhole(
    fileOf(workspace),
    JSON.stringify(Object.fromEntries([...corrections].sort(([a], [b]) => (a < b ? -1 : 1))), null, 1),
  );
}
