import { createHash } from 'node:crypto';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { partNames, type PartName } from '../../src-shared/splitSchema.ts';
import { splitSeedOf, type Plan, type SplitRule } from '../../src-shared/experiment.ts';
import type { SplitNote } from '../../src-shared/splitNotes.ts';
import { mostSearched, noDuplicates, type Duplicates } from './findDuplicates.ts';
import { drawnSplit } from './drawnSplit.ts';
import { givenSplit } from './givenSplit.ts';
import { keptTogether, resolveDuplicates, type ResolvedDuplicate } from './resolveDuplicates.ts';
import type { Parts, PartsSource, SplitSource } from './splitParts.ts';

/** Which image belongs to which part. */
export interface Split extends Parts {
  readonly seed: number;
  readonly rule: Plan['split'];
  /** How the source states the parts; null if they are drawn. */
  readonly givenBy: string | null;
  /** What was done with copies of a picture. */
  readonly resolved: readonly ResolvedDuplicate[];
  readonly hash: string;
}

/**
 * Splits a prepared set: by the parts that its source states, or by a seeded draw. Duplicates are resolved first, as
 * the rule says. A rule that draws for each seed is that of seed 1. Throws 'wrong-input' if a part that training needs
 * would be empty.
 */
export function makeSplit(set: SplitSource, planned: Plan['split'], duplicates: Duplicates = noDuplicates): Split {
  const rule: SplitRule = { ...planned, seed: splitSeedOf(planned, 1) };
  refuseUnknownPeople(set, rule);
  const givenBy = partsGivenBy(set, rule);
  const { leftOut, copyOf, resolved } = resolveDuplicates(set, { rule, duplicates, isGiven: givenBy !== null });
  const source: PartsSource = { set, rule, imagesOf: imagesOfPeople(set, leftOut), copyOf };
  const made = givenBy === null ? drawnSplit(source) : givenSplit(source, givenBy);
  const parts = Object.fromEntries(
    partNames.map((part) => [part, [...made.parts[part]].sort((a, b) => a - b)]),
  ) as unknown as Record<PartName, number[]>;
  const hash = createHash('sha256')
    .update(JSON.stringify([set.hash, rule.seed, made.classes, partNames.map((part) => parts[part])]))
    .digest('hex');
  const together = rule.duplicates === 'resolve' && givenBy === null ? keptTogether(copyOf, parts) : [];
  const unsearched: SplitNote[] = duplicates.skipped
    ? [{ key: 'split.notSearched', values: { images: set.images.length, most: mostSearched } }]
    : [];
  return {
    ...made,
    parts,
    notes: [...made.notes, ...unsearched],
    resolved: [...resolved, ...together],
    seed: rule.seed,
    rule,
    givenBy,
    hash,
  };
}

function imagesOfPeople({ images }: SplitSource, leftOut: ReadonlySet<number>): Map<string, number[]> {
  const people = [...new Set(images.map(({ identity }) => identity))].sort();
  const byPerson = new Map(people.map((identity): [string, number[]] => [identity, []]));
  for (const [index, { identity }] of images.entries()) if (!leftOut.has(index)) byPerson.get(identity)?.push(index);
  return byPerson;
}

/** How the source states the parts, if the rule keeps them; null for a draw. Throws 'wrong-input' without parts. */
function partsGivenBy(set: SplitSource, { from }: SplitRule): string | null {
  if (from === 'drawn') return null;
  const givenBy = statedParts(set);
  if (givenBy === null && from === 'given')
    throw new ArcBenchError(
      'wrong-input',
      'split.from is given, but the source names no parts: folders such as train, val and test, a CSV with a column ' +
        'part, or a list of parts was expected; add one, or choose split.from: drawn.',
    );
  return givenBy;
}

/** How the source of a set states parts; null if it states none. */
export const statedParts = ({ images, partsGivenBy: by }: SplitSource): string | null =>
  images.some(({ part }) => part !== undefined) ? (by ?? 'the source') : null;

function refuseUnknownPeople({ images }: SplitSource, { assign }: SplitRule): void {
  const known = new Set(images.map(({ identity }) => identity));
  const unknown = Object.keys(assign).find((identity) => !known.has(identity));
  if (unknown !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `split.assign names ${unknown}, who is not in the dataset: the name of a person's folder was expected; ` +
        'correct the name or remove it.',
    );
}
