import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import { writeWhole } from '../files/writeWhole.ts';
import { ifGone } from '../files/readFault.ts';

const correctionsSchema = z.record(z.string(), z.array(z.number()).length(10));
const fileOf = (workspace: string) => workspaceFolders(workspace).landmarks;

/**
 * Landmarks that a user corrected, by the SHA-256 of their picture's file. Every import of the workspace uses them
 * instead of the landmarks that it finds. Those of older versions are kept by path until their picture is imported.
 * Throws 'damaged'.
 */
export async function landmarkCorrections(workspace: string): Promise<Map<string, readonly number[]>> {
  const text = await readFile(fileOf(workspace), 'utf8').catch(ifGone(fileOf(workspace), '{}'));
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
  contentHash: string,
  landmarks: readonly number[] | null,
): Promise<void> {
  const corrections = await landmarkCorrections(workspace);
  if (landmarks === null) corrections.delete(contentHash);
  else corrections.set(contentHash, landmarks);
  await write(workspace, corrections);
}

/** Corrections that older versions kept by path are kept by the content of their pictures from now on. */
export async function keepByContent(
  workspace: string,
  images: readonly { readonly path: string; readonly contentHash: string }[],
): Promise<Map<string, readonly number[]>> {
  const corrections = await landmarkCorrections(workspace);
  const older = images.filter(({ path }) => corrections.has(path));
  for (const { path, contentHash } of older) {
    if (!corrections.has(contentHash)) corrections.set(contentHash, corrections.get(path) ?? []);
    corrections.delete(path);
  }
  if (older.length > 0) await write(workspace, corrections);
  return corrections;
}

const write = (workspace: string, corrections: ReadonlyMap<string, readonly number[]>): Promise<void> =>
  writeWhole(
    fileOf(workspace),
    JSON.stringify(Object.fromEntries([...corrections].sort(([a], [b]) => (a < b ? -1 : 1))), null, 1),
  );
