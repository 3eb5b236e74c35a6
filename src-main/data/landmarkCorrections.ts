import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';

const correctionsSchema = z.record(z.string(), z.array(z.number()).length(10));
const fileOf = (workspace: string) => workspaceFolders(workspace).landmarks;

/**
 * Landmarks that a user corrected, by the path of their picture. Every import of the workspace uses them instead of the
 * landmarks that it finds. Throws 'damaged'.
 */
export async function landmarkCorrections(workspace: string): Promise<Map<string, readonly number[]>> {
  const text = await readFile(fileOf(workspace), 'utf8').catch(() => '{}');
  try {
    return new Map(Object.entries(correctionsSchema.parse(JSON.parse(text))));
  } catch (cause) {
    throw new ArcBenchError(
      'damaged',
      `${fileOf(workspace)}, which holds corrected landmarks, cannot be read: restore it from a copy, or delete it ` +
        'to go on without the corrections.',
      { cause },
    );
  }
}

/**
 * Keeps the five landmarks of one picture: ten numbers in pixels of the EXIF-turned picture, or null to remove the
 * correction.
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
