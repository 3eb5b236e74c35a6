import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PreparedSet } from '../data/preparedSet.ts';
import { checkedBody, checksummed } from '../files/checksummed.ts';
import { writeWhole } from '../files/writeWhole.ts';
import { readFault } from '../files/readFault.ts';
import { findDuplicates, type Duplicates, type SearchOptions } from './findDuplicates.ts';

// Raise this whenever the same pictures would give other pairs.
const searchVersion = 1;
interface DuplicatesFile {
  readonly version: number;
  readonly duplicates: Duplicates;
}
/** The file of a prepared set's folder that holds its duplicates. */
export const duplicatesFileIn = (folder: string): string => join(folder, 'duplicates.json');
const fileOf = (set: PreparedSet): string => duplicatesFileIn(set.folder);
/** Duplicates of views of a larger set: the file beside its pictures is about all of them. */
const ofViews = new WeakMap<PreparedSet, Duplicates>();

/** Whether the duplicates of a prepared set were kept and can no longer be read. */
export function hasDamagedDuplicates(folder: string): boolean {
  const file = duplicatesFileIn(folder);
  if (!existsSync(file)) return false;
  try {
    checkedBody(readFileSync(file, 'utf8'));
    return false;
  } catch (error) {
    const fault = readFault(error, file);
    if (fault) throw fault;
    return true;
  }
}

/** The duplicates of a prepared set: from the file beside its pictures, or by a search whose result is kept there. */
export async function duplicatesOf(set: PreparedSet, options: SearchOptions = {}): Promise<Duplicates> {
  const known = knownDuplicates(set);
  if (known) return known;
  const duplicates = await findDuplicates(set, options);
  if (set.places !== undefined) {
    ofViews.set(set, duplicates);
    return duplicates;
  }
  const file: DuplicatesFile = { version: searchVersion, duplicates };
  // A workspace that cannot be written is read all the same, and searched again next time.
  await writeWhole(fileOf(set), checksummed(JSON.stringify(file))).catch(() => undefined);
  return duplicates;
}

/** What an earlier search found; null if there was none, or if its file is not whole. */
export function knownDuplicates(set: PreparedSet): Duplicates | null {
  if (set.places !== undefined) return ofViews.get(set) ?? null;
  try {
    const { version, duplicates } = JSON.parse(checkedBody(readFileSync(fileOf(set), 'utf8'))) as DuplicatesFile;
    return version === searchVersion ? duplicates : null;
  } catch {
    return null;
  }
}
