import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import type { Store } from '../../../store/store.ts';

/** Something of a workspace that is not whole: what it is, and what mends it. */
export interface WorkspaceFault {
  readonly path: string;
  readonly message: string;
  /** Whether it was mended, or the next run makes it again. */
  readonly mended: boolean;
}

/** What the check of every area is given. */
export interface WorkspaceCheck {
  readonly store: Store;
  readonly repair: boolean;
  readonly onProgress: (what: string) => void;
  readonly faults: FaultList;
}

/** Collects faults, and removes what can be made again where `repair` is true. */
export function faultList(repair: boolean) {
  const all: WorkspaceFault[] = [];
  const add = (path: string, message: string, mended = false): void => {
    all.push({ path, message, mended });
  };
  return {
    all,
    add,
    /** Adds a fault that is mended by removing a file or folder. */
    async addRemovable(path: string, message: string, after = 'the next run makes it again'): Promise<void> {
      if (!repair) return add(path, `${message} --repair removes it; ${after}.`);
      const held = await whatHolds(path);
      if (held === null) return add(path, `${message} It was removed; ${after}.`, true);
      add(path, `${message} It cannot be removed: change the permissions of ${held}, and repair again.`);
    },
  };
}
export type FaultList = ReturnType<typeof faultList>;

/** Removes a file or folder; returns the folder whose permissions forbid it, and null where it is gone. */
async function whatHolds(path: string): Promise<string | null> {
  try {
    await rm(path, { recursive: true, force: true });
    return null;
  } catch (error) {
    return error instanceof Error && 'path' in error ? dirname(String(error.path)) : path;
  }
}

/** The sorted names in a folder; none where it is not there. */
export const namesIn = async (folder: string): Promise<readonly string[]> =>
  existsSync(folder) ? (await readdir(folder)).sort() : [];

/** What an error says, as a sentence. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ArcBenchError) return error.message;
  return error instanceof Error ? `${error.message}.` : String(error);
}
