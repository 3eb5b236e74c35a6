import { partNames, type Assignment, type PartName } from '../../src-shared/splitSchema.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { disjointGroups } from './disjointGroups.ts';
import { identicalPictures } from './identicalPictures.ts';
import type { Duplicates } from './findDuplicates.ts';
import { findingName, identicalKey, isAllowed, nearKey } from './findingNames.ts';
import type { SplitSource } from './splitParts.ts';
import type { CopyOf } from './shareOut.ts';

/** What was done with pictures that are copies of each other, by their index in the prepared set. */
export interface ResolvedDuplicate {
  /** Identical files of one person, nearly identical pictures of one person, or one picture under two names. */
  readonly kind: 'identical' | 'near-identical' | 'two-names';
  readonly kept: readonly number[];
  readonly leftOut: readonly number[];
}

export interface Resolution {
  /** Pictures that the split leaves out. */
  readonly leftOut: ReadonlySet<number>;
  /** Which pictures count as one, and go into one part. */
  readonly copyOf: CopyOf;
  readonly resolved: readonly ResolvedDuplicate[];
}

/**
 * Resolves duplicates unless the rule says otherwise: leaves out pictures under two names, keeps one of identical files
 * of a person, and makes near-identical pictures of a person count as one. If the source gives the parts,
 * near-identical pictures stay in the first of train, val, test, and the others are left out. People who are left out
 * by hand, and findings that the rule allows, are not looked at.
 */
export function resolveDuplicates(set: SplitSource, { rule, duplicates, isGiven }: DuplicateRule): Resolution {
  if (rule.duplicates !== 'resolve') return { leftOut: new Set(), copyOf: contentIn(set), resolved: [] };
  const leftOut = new Set<number>();
  const resolved: ResolvedDuplicate[] = [];
  const resolve = (entry: ResolvedDuplicate) => {
    resolved.push(entry);
    for (const index of entry.leftOut) leftOut.add(index);
  };
  const seen = { set, rule, duplicates, isGiven };
  const looked = lookedAt(seen);
  const identical = identicalPictures(set.images, looked);
  for (const group of twoNames(seen, { looked, identical })) resolve({ kind: 'two-names', kept: [], leftOut: group });
  for (const group of identical) {
    if (isAllowed(rule, findingName('identical-content', identicalKey(set, group)))) continue;
    for (const own of groupBy(group, (index) => set.images[index]?.identity ?? '').values()) {
      const [kept, ...copies] = byPart(
        set,
        own.filter((index) => !leftOut.has(index)),
      );
      if (kept !== undefined && copies.length > 0) resolve({ kind: 'identical', kept: [kept], leftOut: copies });
    }
  }
  const groups = personGroups(seen);
  if (isGiven) for (const entry of acrossParts(seen, { groups, leftOut })) resolve(entry);
  return { leftOut, copyOf: groups.rootOf, resolved };
}

export interface DuplicateRule {
  readonly rule: Plan['split'];
  readonly duplicates: Duplicates;
  /** Whether the parts are those of the source. */
  readonly isGiven: boolean;
}
type Seen = DuplicateRule & { readonly set: SplitSource };

const contentIn =
  ({ images }: SplitSource): CopyOf =>
  (index) =>
    images[index]?.contentHash ?? '';

/** Pictures that can get a part. */
const lookedAt = ({ set, rule, isGiven }: Seen): number[] =>
  [...set.images.keys()].filter((index) => {
    const assigned = assignedTo(rule, set.images[index]?.identity ?? '');
    return assigned !== 'left out' && !(isGiven && assigned === null && set.images[index]?.part === undefined);
  });

/** Where the rule puts a person by hand. */
export const assignedTo = ({ assign }: Plan['split'], identity: string): Assignment | null =>
  Object.hasOwn(assign, identity) ? (assign[identity] ?? null) : null;

/** Groups of pictures that stand under two names, each group identical or one pair. */
function twoNames(
  { set, rule, duplicates }: Seen,
  { looked, identical }: { readonly looked: readonly number[]; readonly identical: readonly (readonly number[])[] },
): (readonly number[])[] {
  const people = (group: readonly number[]) => new Set(group.map((index) => set.images[index]?.identity)).size;
  const inPairs = new Set(duplicates.nearPairs.flat());
  const isLookedAt = new Set(looked.filter((index) => inPairs.has(index)));
  return [
    ...identical.filter(
      (group) => people(group) > 1 && !isAllowed(rule, findingName('identical-content', identicalKey(set, group))),
    ),
    ...duplicates.nearPairs.filter(
      (pair) =>
        pair.every((index) => isLookedAt.has(index)) &&
        people(pair) > 1 &&
        !isAllowed(rule, findingName('near-identical', nearKey(set, pair))),
    ),
  ];
}

/** The groups of pictures of one person that count as one picture. */
function personGroups({ set, rule, duplicates }: Seen): ReturnType<typeof disjointGroups> {
  const groups = disjointGroups(set.images.length);
  const identityOf = (index: number) => set.images[index]?.identity ?? '';
  const everyPicture = Uint32Array.from(set.images.keys());
  for (const copies of identicalPictures(set.images, everyPicture))
    for (const [first, ...others] of groupBy(copies, identityOf).values())
      for (const other of others) groups.join(first as number, other);
  for (const pair of duplicates.nearPairs) {
    const [first, second] = pair;
    if (identityOf(first) !== identityOf(second)) continue;
    if (!isAllowed(rule, findingName('near-identical', nearKey(set, pair)))) groups.join(first, second);
  }
  return groups;
}

/** Near-identical pictures of one person that the source puts into several parts: those of the first part stay. */
function acrossParts(
  { set, rule }: Seen,
  { groups, leftOut }: { readonly groups: ReturnType<typeof disjointGroups>; readonly leftOut: ReadonlySet<number> },
): ResolvedDuplicate[] {
  const stated = [...set.images.keys()].filter((index) => {
    const { identity = '', part } = set.images[index] ?? {};
    const keepsPart = [null, 'training'].includes(assignedTo(rule, identity));
    return part !== undefined && keepsPart && !leftOut.has(index);
  });
  return groupsOfCopies(stated, groups.rootOf).flatMap((group): ResolvedDuplicate[] => {
    const ordered = byPart(set, group);
    const first = set.images[ordered[0] as number]?.part;
    const isKept = (index: number) => set.images[index]?.part === first;
    const others = ordered.filter((index) => !isKept(index));
    return others.length === 0 ? [] : [{ kind: 'near-identical', kept: ordered.filter(isKept), leftOut: others }];
  });
}

/** Pictures in the order of the parts that the source states for them, and then as they are in the set. */
function byPart({ images }: SplitSource, group: readonly number[]): number[] {
  const rankOf = (part: PartName | undefined) => (part === undefined ? partNames.length : partNames.indexOf(part));
  return group.toSorted((a, b) => rankOf(images[a]?.part) - rankOf(images[b]?.part) || a - b);
}

/** Of a drawn split: near-identical pictures of one person that were kept together. */
export function keptTogether(
  copyOf: CopyOf,
  parts: Readonly<Record<PartName, readonly number[]>>,
): ResolvedDuplicate[] {
  const trained = [...parts.train, ...parts.val, ...parts.test].sort((a, b) => a - b);
  return groupsOfCopies(trained, copyOf).map((group) => ({ kind: 'near-identical', kept: group, leftOut: [] }));
}

/** The groups of two pictures or more that count as one. Most pictures have no copy, and are in no group. */
function groupsOfCopies(pictures: readonly number[], copyOf: CopyOf): number[][] {
  const copied = new Set<number | string>();
  for (const index of pictures) if (copyOf(index) !== index) copied.add(copyOf(index));
  const inGroups = pictures.filter((index) => copied.has(copyOf(index)));
  return [...groupBy(inGroups, copyOf).values()].filter((group) => group.length > 1);
}
