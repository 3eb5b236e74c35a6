import { partNames, type PartName } from '../../src-shared/splitSchema.ts';
import type { SplitRule } from '../../src-shared/experiment.ts';
import type { SplitNote } from '../../src-shared/splitNotes.ts';
import type { PreparedImage, PreparedSet } from '../data/preparedSet.ts';
import type { CopyOf } from './shareOut.ts';

/** What a split needs of a prepared set. */
export interface SplitSource extends Pick<PreparedSet, 'hash' | 'partsGivenBy'> {
  readonly images: readonly Pick<PreparedImage, 'identity' | 'contentHash' | 'part'>[];
}

/** Why the split leaves out a person. */
export type SkipReason = 'by hand' | 'few images' | 'few different pictures' | 'not in train' | 'no part' | 'copies';

export interface SkippedPerson {
  readonly identity: string;
  readonly images: number;
  readonly reason: SkipReason;
}

/** Who and what goes where, before it is hashed. */
export interface Parts {
  /** The people who are trained on, sorted. A person's label is the position in this list. */
  readonly classes: readonly string[];
  /** Indexes into the prepared set. */
  readonly parts: Readonly<Record<PartName, readonly number[]>>;
  readonly skipped: readonly SkippedPerson[];
  /** What the split did that its rule does not say by itself. */
  readonly notes: readonly SplitNote[];
}

/** What a split is made from: the pictures that are left after duplicates were resolved. */
export interface PartsSource {
  readonly set: SplitSource;
  readonly rule: SplitRule;
  /** The images of each person, by name; nobody is missing, but a person may have none left. */
  readonly imagesOf: ReadonlyMap<string, readonly number[]>;
  readonly copyOf: CopyOf;
}

/**
 * The part of an image; of an image in several parts, the last one. Null for one that has none. Takes a byte for each
 * of all images, so that millions of them take little.
 */
export function partFinder(
  images: number,
  parts: Readonly<Record<PartName, readonly number[]>>,
): (index: number) => PartName | null {
  const numbers = new Uint8Array(images); // of parts, from 1 on; 0 for none
  for (const [number, part] of partNames.entries()) for (const index of parts[part]) numbers[index] = number + 1;
  return (index) => partNames[(numbers[index] ?? 0) - 1] ?? null;
}
