import { openPackedImages, type PackedImages, type PreparedSet } from '../data/preparedSet.ts';
import { partNames, type PartName } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import type { Split } from './makeSplit.ts';

export type FindingKind = 'one-file-twice' | 'identical-content' | 'near-identical' | 'held-out-identity-in-training';
export interface Finding {
  readonly name: string;
  readonly kind: FindingKind;
  readonly message: string;
  readonly images: readonly string[];
  /** The same images, as indexes into the prepared set. */
  readonly pictures: readonly number[];
  readonly blocking: boolean;
}

const mostBitsApart = 2;
/**
 * Copies of AT&T's faces that were halved, re-encoded or brightened correlate above 0.983, and different demo people in
 * one pose below 0.97.
 */
const nearCorrelation = 0.98;
const thumbnailSide = 16; // pixels

/** What an audit looks at. */
interface Audited {
  readonly set: PreparedSet;
  readonly split: Split;
  /** The part of each image; of an image in several parts, the last one. */
  readonly partOf: ReadonlyMap<number, PartName>;
}

/**
 * Looks for leakage between the parts: one file twice, identical or nearly identical pictures, and a held-out person
 * who is also trained on. A finding whose name or kind is in split.allowFindings does not block.
 */
export function auditSplit(
  set: PreparedSet,
  split: Split,
): { readonly findings: readonly Finding[]; readonly blocked: boolean } {
  const partOf = new Map(partNames.flatMap((part) => split.parts[part].map((index) => [index, part] as const)));
  const audited: Audited = { set, split, partOf };
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
  const name = `${kind}:${key}`;
  const isAllowed = split.rule.allowFindings.some((entry) => entry === name || entry === kind);
  return {
    name,
    kind,
    message,
    images: pictures.map((index) => set.images[index]?.path ?? ''),
    pictures,
    blocking: blocks && !isAllowed,
  };
}

function filesInSeveralParts(audited: Audited): Finding[] {
  const { set, split } = audited;
  const findings: Finding[] = [];
  const seenIn = new Map<number, PartName>();
  for (const part of partNames)
    for (const index of split.parts[part]) {
      const other = seenIn.get(index);
      seenIn.set(index, part);
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
  const { set, partOf } = audited;
  const byContent = groupBy(partOf.keys(), (index) => set.images[index]?.contentHash ?? '');
  return [...byContent].flatMap(([content, pictures]) => {
    const parts = new Set(pictures.map((index) => partOf.get(index)));
    const people = new Set(pictures.map((index) => set.images[index]?.identity));
    if (parts.size === 1 && people.size === 1) return [];
    const names = people.size > 1 ? `, under ${people.size} names` : '';
    return finding(audited, {
      kind: 'identical-content',
      key: content.slice(0, 12),
      message: `${pictures.length} files have identical content, in ${[...parts].join(' and ')}${names}.`,
      pictures,
    });
  });
}

/** Pictures in different parts that look nearly the same. They block only if they are of different people. */
function nearlyIdentical(audited: Audited): Finding[] {
  const { set, partOf } = audited;
  const suspects: (readonly [number, number])[] = [];
  for (const [a, b] of nearPairs(set, [...partOf.keys()]))
    if (partOf.get(a) !== partOf.get(b) && set.images[a]?.contentHash !== set.images[b]?.contentHash)
      suspects.push([a, b]);
  return confirmed(set, suspects).flatMap(([a, b]) => {
    const first = set.images[a];
    const second = set.images[b];
    if (!first || !second) return [];
    return finding(audited, {
      kind: 'near-identical',
      key: `${first.contentHash.slice(0, 8)}-${second.contentHash.slice(0, 8)}`,
      message: `${first.path} (${partOf.get(a)}) and ${second.path} (${partOf.get(b)}) look nearly the same.`,
      pictures: [a, b],
      blocks: first.identity !== second.identity, // two shots of one person may look alike without a leak
    });
  });
}

/** All choices of two from the four 16-bit bands of a hash. */
const bandPairs = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;

/**
 * Pairs whose 64-bit hashes differ in at most two bits. Then at least two of the four bands of the hash are equal, so
 * only pictures that share two bands are compared (multi-index hashing, Norouzi et al., CVPR 2012). One band would not
 * do: thousands of aligned faces share one, but few share two.
 */
function* nearPairs(set: PreparedSet, indexes: readonly number[]): Generator<readonly [number, number]> {
  const bands = Uint16Array.from(
    indexes.flatMap((index) =>
      [0, 4, 8, 12].map((at) => Number.parseInt(set.images[index]?.perceptualHash.slice(at, at + 4) ?? '0', 16)),
    ),
  );
  const differing = (i: number, j: number) => {
    let bits = 0;
    for (let band = 0; band < 4; band++)
      bits += bitsSet[(bands[4 * i + band] as number) ^ (bands[4 * j + band] as number)] as number;
    return bits;
  };
  // The hash of a flat picture is nearly all zeros or ones, so all flat pictures would look the same.
  const usable = [...indexes.keys()].filter((i) => {
    const bits = [0, 1, 2, 3].reduce((sum, band) => sum + (bitsSet[bands[4 * i + band] as number] as number), 0);
    return bits > 3 && bits < 61;
  });
  for (const [order, [one, other]] of bandPairs.entries()) {
    const keyOf = (i: number) => (bands[4 * i + one] as number) * 2 ** 16 + (bands[4 * i + other] as number);
    const shareEarlier = (i: number, j: number) =>
      bandPairs
        .slice(0, order)
        .some(([a, b]) => bands[4 * i + a] === bands[4 * j + a] && bands[4 * i + b] === bands[4 * j + b]);
    for (const group of groupBy(usable, keyOf).values()) {
      for (const [place, i] of group.entries()) {
        for (let next = place + 1; next < group.length; next++) {
          const j = group[next] as number;
          if (differing(i, j) <= mostBitsApart && !shareEarlier(i, j))
            yield [indexes[i] as number, indexes[j] as number];
        }
      }
    }
  }
}

/** How many bits are set in each 16-bit number. */
const bitsSet = Uint8Array.from({ length: 2 ** 16 }, (_, value) => {
  let count = 0;
  for (let rest = value; rest > 0; rest &= rest - 1) count++;
  return count;
});

/** The pairs whose pixels agree as well. The hashes of two people in one pose may be equal. */
function confirmed(set: PreparedSet, pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  if (pairs.length === 0) return [];
  const packed = openPackedImages(set);
  try {
    const thumbnails = new Map<number, Float64Array>();
    const thumbnailOf = (index: number): Float64Array => {
      const known = thumbnails.get(index) ?? thumbnail(packed, index, set.inputSize);
      thumbnails.set(index, known);
      return known;
    };
    return pairs.filter(
      ([a, b]) =>
        thumbnailOf(a).reduce((sum, value, at) => sum + value * (thumbnailOf(b)[at] as number), 0) > nearCorrelation,
    );
  } finally {
    packed.close();
  }
}

/** A picture averaged to 16 x 16 RGB, centred and scaled to length 1. The dot product of two is their correlation. */
function thumbnail(packed: PackedImages, index: number, size: number): Float64Array {
  const pixels = new Uint8Array(size * size * 3);
  packed.readInto([index], pixels);
  const means = new Float64Array(thumbnailSide ** 2 * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const cell =
        (Math.floor((y * thumbnailSide) / size) * thumbnailSide + Math.floor((x * thumbnailSide) / size)) * 3;
      for (let channel = 0; channel < 3; channel++)
        means[cell + channel] = (means[cell + channel] as number) + (pixels[(y * size + x) * 3 + channel] as number);
    }
  }
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const length = Math.hypot(...means.map((value) => value - mean)) || 1;
  return means.map((value) => (value - mean) / length);
}
