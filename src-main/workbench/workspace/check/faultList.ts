import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ArcBenchError } from '../../../../src-shared/errors.ts';
import type { Store } from '../../../store/store.ts';
import { readFault } from '../../../files/readFault.ts';

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
  /** Adds a file that cannot be read now, and returns true; false for any other error. */
  const addUnread = (path: string, error: unknown): boolean => {
    const fault = readFault(error, path) ?? error;
    if (!(fault instanceof ArcBenchError) || fault.code === 'damaged') return false;
    add(path, fault.message);
    return true;
  };
  const faults = {
    all,
    add,
    /** Adds a fault that is mended by removing a file or folder. */
    async addRemovable(path: string, message: string, after = 'the next run makes it again'): Promise<void> {
      if (!repair) return add(path, `${message} --repair removes it; ${after}.`);
      const held = await whatHolds(path);
      if (held === null) return add(path, `${message} It was removed; ${after}.`, true);
      add(path, `${message} It cannot be removed: change the permissions of ${held}, and repair again.`);
    },
    /** Adds what an error showed to be damaged. What cannot be read now is named, and kept whatever `repair` says. */
    async addDamaged(path: string, error: unknown, message = sentenceOf(error)): Promise<void> {
      if (!addUnread(path, error)) await faults.addRemovable(path, message);
    },
    addUnread,
    /** Checks a file or folder. Where it cannot be read now, that is added, and the check of others goes on. */
    async unlessUnread(path: string, check: () => void | Promise<void>): Promise<void> {
      try {
        await check();
      } catch (error) {
        if (!addUnread(path, error)) throw error;
      }
    },
  };
  return faults;
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
