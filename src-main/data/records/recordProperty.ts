import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../../files/readTextFile.ts';

/** The file `property` beside a record file: how many classes it has, and the size of its pictures in pixels. */
export interface RecordProperty {
  readonly classes: number;
  readonly height: number;
  readonly width: number;
}

/** Reads `property` of a folder; null where there is none or it says something else. */
export function readRecordProperty(folder: string): RecordProperty | null {
  const path = join(folder, 'property');
  if (!existsSync(path)) return null;
  let text: string;
  try {
    text = readTextFile(path);
  } catch {
    return null; // it only serves a check
  }
  const numbers = /^(\d{1,9}),(\d{1,5}),(\d{1,5})\s*(?:\r?\n|$)/.exec(text);
  if (!numbers) return null;
  const [classes, height, width] = numbers.slice(1).map(Number) as [number, number, number];
  return { classes, height, width };
}
