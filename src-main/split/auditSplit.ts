import type { PreparedSet } from '../data/preparedSet.ts';
import { partNames, type PartName } from '../../src-shared/splitSchema.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { findingName, identicalKey, isAllowed, nearKey, type FindingKind } from './findingNames.ts';
import type { Duplicates } from './findDuplicates.ts';
import { identicalPictures } from './identicalPictures.ts';
import type { Split } from './makeSplit.ts';
import { partFinder } from './splitParts.ts';

export interface Finding {
  readonly name: string;
  readonly kind: FindingKind;
  readonly message: string;
  readonly images: readonly string[];
  /** The same images, as indexes into the prepared set. */
  readonly pictures: readonly number[];
  readonly blocking: boolean;
}

/** What an audit looks at. */
interface Audited {
  readonly set: PreparedSet;
  readonly split: Split;
  readonly duplicates: Duplicates;
  readonly places: PartPlaces;
}

/** Where each image is. Lists of numbers, so that millions of images take little. */
interface PartPlaces {
  /** The part of an image; of an image in several parts, the last one. */
  readonly partOf: (index: number) => PartName | null;
  /** The images that have a part, each once. */
  readonly placed: Uint32Array;
  /** Compares two images by the order of the parts, and by their order in a part. */
  readonly inOrder: (first: number, second: number) => number;
}

function partPlaces(images: number, parts: Split['parts']): PartPlaces {
  const place = new Uint32Array(images); // from 1 on; 0 for none
  const placed = new Uint32Array(images);
  let count = 0;
  for (const part of partNames)
    for (const index of parts[part]) {
      if (place[index] !== 0) continue;
      placed[count++] = index;
      place[index] = count;
    }
  return {
    partOf: partFinder(images, parts),
    placed: placed.subarray(0, count),
    inOrder: (first, second) => (place[first] ?? 0) - (place[second] ?? 0),
  };
}

/**
 * Looks for leakage between the parts: one file twice, identical or nearly identical pictures, and a held-out person
 * who is also trained on. A finding whose name or kind is in split.allowFindings does not block, and copies of pictures
 * do not if split.duplicates is allow.
 */
export function auditSplit(
  set: PreparedSet,
  split: Split,
  duplicates: Duplicates,
): { readonly findings: readonly Finding[]; readonly blocked: boolean } {
  const audited: Audited = { set, split, duplicates, places: partPlaces(set.images.length, split.parts) };
  const findings = [
    ...filesInSeveralParts(audited),
    ...heldOutPeopleInTraining(audited),
    ...identicalContent(audited),
    ...nearlyIdentical(audited),
  ];
  return { findings, blocked: findings.some((finding) => finding.blocking) };
}

interface Found {
  readonly kind: FindingKind;
  /** What tells this finding from others of its kind. */
  readonly key: string;
  readonly message: string;
  readonly pictures: readonly number[];
  readonly blocks?: boolean;
}

function finding({ set, split }: Audited, { kind, key, message, pictures, blocks = true }: Found): Finding {
  const name = findingName(kind, key);
  const isCopy = kind === 'identical-content' || kind === 'near-identical';
  const isHarmless = isAllowed(split.rule, name) || (isCopy && split.rule.duplicates === 'allow');
  return {
    name,
    kind,
    message,
    images: pictures.map((index) => set.images[index]?.path ?? ''),
    pictures,
    blocking: blocks && !isHarmless,
  };
}

function filesInSeveralParts(audited: Audited): Finding[] {
  const { set, split } = audited;
  const findings: Finding[] = [];
  const seenIn = new Uint8Array(set.images.length); // the number of a part from 1 on; 0 for none
  for (const [number, part] of partNames.entries())
    for (const index of split.parts[part]) {
      const other = partNames[(seenIn[index] ?? 0) - 1];
      seenIn[index] = number + 1;
      if (!other) continue;
      const image = set.images[index];
      findings.push(
        finding(audited, {
          kind: 'one-file-twice',
          key: image?.contentHash.slice(0, 12) ?? '',
          message: `${image?.path} is in both ${other} and ${part}.`,
          pictures: [index],
        }),
      );
    }
  return findings;
}

function heldOutPeopleInTraining(audited: Audited): Finding[] {
  const { set, split } = audited;
  const trained = new Set(split.classes);
  return (['query', 'distractors'] as const).flatMap((part) => {
    const byIdentity = groupBy(split.parts[part], (index) => set.images[index]?.identity ?? '');
    return [...byIdentity]
      .filter(([identity]) => trained.has(identity))
      .map(([identity, pictures]) =>
        finding(audited, {
          kind: 'held-out-identity-in-training',
          key: identity,
          message: `${identity} is held out in ${part} but also trained on.`,
          pictures,
        }),
      );
  });
}

/** Identical files in several parts or under several names. Copies of one person in one part are no leak. */
function identicalContent(audited: Audited): Finding[] {
  const { set, places } = audited;
  const groups = identicalPictures(set.images, places.placed).map((group) => group.sort(places.inOrder));
  groups.sort(([a = 0], [b = 0]) => places.inOrder(a, b));
  return groups.flatMap((pictures) => {
    const parts = new Set(pictures.map(places.partOf));
    const people = new Set(pictures.map((index) => set.images[index]?.identity));
    if (parts.size === 1 && people.size === 1) return [];
    const names = people.size > 1 ? `, under ${people.size} names` : '';
    return finding(audited, {
      kind: 'identical-content',
      key: identicalKey(set, pictures),
      message: `${pictures.length} files have identical content, in ${[...parts].join(' and ')}${names}.`,
      pictures,
    });
  });
}

/** Pictures in different parts that look nearly the same. They block only if they are of different people. */
function nearlyIdentical(audited: Audited): Finding[] {
  const { set, places, duplicates } = audited;
  return duplicates.nearPairs.flatMap((pair) => {
    const [a, b] = pair;
    const first = set.images[a];
    const second = set.images[b];
    const partOfFirst = places.partOf(a);
    const partOfSecond = places.partOf(b);
    if (!first || !second || !partOfFirst || !partOfSecond || partOfFirst === partOfSecond) return [];
    return finding(audited, {
      kind: 'near-identical',
      key: nearKey(set, pair),
      message: `${first.path} (${partOfFirst}) and ${second.path} (${partOfSecond}) look nearly the same.`,
      pictures: pair,
      blocks: first.identity !== second.identity, // two shots of one person may look alike without a leak
    });
  });
}
