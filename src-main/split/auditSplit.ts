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
  /** The same as indexes into the prepared set. */
  readonly pictures: readonly number[];
  readonly blocking: boolean;
}

const nearDistance = 2;
/**
 * Copies of AT&T's faces that were halved, re-encoded or brightened correlate above 0.983, different demo people in one
 * pose below 0.97.
 */
const nearCorrelation = 0.98;
const thumbnailSide = 16;

/**
 * Looks for leakage between the parts: one file twice, identical or near-identical pictures, a held-out person in
 * training. Findings allowed by name or kind do not block.
 */
export function auditSplit(
  set: PreparedSet,
  split: Split,
): { readonly findings: readonly Finding[]; readonly blocked: boolean } {
  const findings: Finding[] = [];
  const partOf = new Map<number, PartName>();
  const add = (kind: FindingKind, key: string, message: string, images: readonly number[], blocks = true) => {
    const name = `${kind}:${key}`;
    const allowed = split.rule.allowFindings.some((entry) => entry === name || entry === kind);
    findings.push({
      name,
      kind,
      message,
      images: images.map((index) => set.images[index]?.path ?? ''),
      pictures: images,
      blocking: blocks && !allowed,
    });
  };
  for (const part of partNames) {
    for (const index of split.parts[part]) {
      const other = partOf.get(index);
      if (other)
        add(
          'one-file-twice',
          set.images[index]?.contentHash.slice(0, 12) ?? '',
          `${set.images[index]?.path} stands in ${other} and in ${part}.`,
          [index],
        );
      partOf.set(index, part);
    }
  }
  const trained = new Set(split.classes);
  for (const part of ['query', 'distractors'] as const) {
    const people = new Set(split.parts[part].map((index) => set.images[index]?.identity ?? ''));
    for (const identity of people) {
      if (trained.has(identity))
        add(
          'held-out-identity-in-training',
          identity,
          `${identity} is held out in ${part} and also trains.`,
          split.parts[part].filter((index) => set.images[index]?.identity === identity),
        );
    }
  }
  const byContent = groupBy([...partOf.keys()], (index) => set.images[index]?.contentHash ?? '');
  for (const [content, indexes] of byContent) {
    const parts = new Set(indexes.map((index) => partOf.get(index)));
    const people = new Set(indexes.map((index) => set.images[index]?.identity));
    if (indexes.length > 1 && (parts.size > 1 || people.size > 1)) {
      add(
        'identical-content',
        content.slice(0, 12),
        `${indexes.length} files have identical content, in ` +
          `${[...parts].join(' and ')}${people.size > 1 ? `, under ${people.size} names` : ''}.`,
        indexes,
      );
    }
  }
  const suspects: (readonly [number, number])[] = [];
  for (const [a, b] of nearPairs(set, [...partOf.keys()]))
    if (partOf.get(a) !== partOf.get(b) && set.images[a]?.contentHash !== set.images[b]?.contentHash)
      suspects.push([a, b]);
  for (const [a, b] of confirmed(set, suspects)) {
    const first = set.images[a];
    const second = set.images[b];
    if (!first || !second) continue;
    // Two shots of one person may look alike by rights; across people or into held-out parts it is a leak.
    const blocks = first.identity !== second.identity;
    add(
      'near-identical',
      `${first.contentHash.slice(0, 8)}-${second.contentHash.slice(0, 8)}`,
      `${first.path} (${partOf.get(a)}) and ${second.path} (${partOf.get(b)}) look nearly the same.`,
      [a, b],
      blocks,
    );
  }
  return { findings, blocked: findings.some((finding) => finding.blocking) };
}

/** Two of the four 16-bit bands of a hash, by their places. */
const bandPairs = [
  [0, 1],
  [0, 2],
  [0, 3],
  [1, 2],
  [1, 3],
  [2, 3],
] as const;

/**
 * Pairs whose 64-bit hashes differ in at most two bits: of four bands of the hash two are then equal (pigeonhole), so
 * only pictures that share two are compared
 * (multi-index hashing, Norouzi et al., CVPR 2012). Aligned faces share one band by the thousand, hardly two.
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
  // A flat picture hashes to all zeros or ones and would look like every other flat one.
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
          if (differing(i, j) <= nearDistance && !shareEarlier(i, j))
            yield [indexes[i] as number, indexes[j] as number];
        }
      }
    }
  }
}

/** How many bits are set in each number of 16. */
const bitsSet = Uint8Array.from({ length: 2 ** 16 }, (_, value) => {
  let count = 0;
  for (let rest = value; rest > 0; rest &= rest - 1) count++;
  return count;
});

/** The pairs whose pixels agree too: a hash of 64 bits alone takes two faces in one pose for one picture. */
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

/** A picture averaged to 16 x 16 RGB, centred and scaled to length 1, so that a product of two is their correlation. */
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
