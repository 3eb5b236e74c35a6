import { openPackedImages, type PackedImages, type PreparedSet } from '../data/preparedSet.ts';
import { partNames, type PartName } from '../../src-shared/experiment.ts';
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
/** Copies of AT&T's faces that were halved, re-encoded or brightened correlate above 0.983, different demo people in one pose below 0.97. */
const nearCorrelation = 0.98;
const thumbnailSide = 16;

/** Looks for leakage between the parts: one file twice, identical or near-identical pictures, a held-out person in training. Findings allowed by name or kind do not block. */
export function auditSplit(set: PreparedSet, split: Split): { readonly findings: readonly Finding[]; readonly blocked: boolean } {
  const findings: Finding[] = [];
  const partOf = new Map<number, PartName>();
  const add = (kind: FindingKind, key: string, message: string, images: readonly number[], blocks = true) => {
    const name = `${kind}:${key}`;
    const allowed = split.rule.allowFindings.some((entry) => entry === name || entry === kind);
    findings.push({ name, kind, message, images: images.map((index) => set.images[index]?.path ?? ''), pictures: images, blocking: blocks && !allowed });
  };
  for (const part of partNames) {
    for (const index of split.parts[part]) {
      const other = partOf.get(index);
      if (other) add('one-file-twice', set.images[index]?.contentHash.slice(0, 12) ?? '', `${set.images[index]?.path} stands in ${other} and in ${part}.`, [index]);
      partOf.set(index, part);
    }
  }
  const trained = new Set(split.classes);
  for (const part of ['query', 'distractors'] as const) {
    const people = new Set(split.parts[part].map((index) => set.images[index]?.identity ?? ''));
    for (const identity of people) {
      if (trained.has(identity)) add('held-out-identity-in-training', identity, `${identity} is held out in ${part} and also trains.`, split.parts[part].filter((index) => set.images[index]?.identity === identity));
    }
  }
  const byContent = groupBy([...partOf.keys()], (index) => set.images[index]?.contentHash ?? '');
  for (const [content, indexes] of byContent) {
    const parts = new Set(indexes.map((index) => partOf.get(index)));
    const people = new Set(indexes.map((index) => set.images[index]?.identity));
    if (indexes.length > 1 && (parts.size > 1 || people.size > 1)) {
      add('identical-content', content.slice(0, 12), `${indexes.length} files have identical content, in ${[...parts].join(' and ')}${people.size > 1 ? `, under ${people.size} names` : ''}.`, indexes);
    }
  }
  const suspects = [...nearPairs(set, [...partOf.keys()])].filter(([a, b]) => partOf.get(a) !== partOf.get(b) && set.images[a]?.contentHash !== set.images[b]?.contentHash);
  for (const [a, b] of confirmed(set, suspects)) {
    const [first, second] = [set.images[a], set.images[b]];
    if (!first || !second) continue;
    // Two shots of one person may look alike by rights; across people or into held-out parts it is a leak.
    const blocks = first.identity !== second.identity;
    add('near-identical', `${first.contentHash.slice(0, 8)}-${second.contentHash.slice(0, 8)}`, `${first.path} (${partOf.get(a)}) and ${second.path} (${partOf.get(b)}) look nearly the same.`, [a, b], blocks);
  }
  return { findings, blocked: findings.some((finding) => finding.blocking) };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** Pairs whose 64-bit hashes differ in at most two bits: of three bands of the hash, one is then equal (pigeonhole). */
function* nearPairs(set: PreparedSet, indexes: readonly number[]): Generator<readonly [number, number]> {
  const hashes = new Map(indexes.map((index) => [index, BigInt(`0x${set.images[index]?.perceptualHash ?? '0'}`)]));
  // A flat picture hashes to all zeros or ones and would look like every other flat one.
  const usable = indexes.filter((index) => bitCount(hashes.get(index) as bigint) > 3 && bitCount(hashes.get(index) as bigint) < 61);
  const bands = [[0n, 22n], [22n, 21n], [43n, 21n]] as const;
  const seen = new Set<string>();
  for (const [shift, width] of bands) {
    for (const group of groupBy(usable, (index) => String(((hashes.get(index) as bigint) >> shift) & ((1n << width) - 1n))).values()) {
      for (let i = 0; i < group.length; i++) {
        for (let j = i + 1; j < group.length; j++) {
          const [a, b] = [group[i] as number, group[j] as number];
          if (bitCount((hashes.get(a) as bigint) ^ (hashes.get(b) as bigint)) > nearDistance || seen.has(`${a}-${b}`)) continue;
          seen.add(`${a}-${b}`);
          yield [a, b];
        }
      }
    }
  }
}

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
    return pairs.filter(([a, b]) => thumbnailOf(a).reduce((sum, value, at) => sum + value * (thumbnailOf(b)[at] as number), 0) > nearCorrelation);
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
      const cell = (Math.floor((y * thumbnailSide) / size) * thumbnailSide + Math.floor((x * thumbnailSide) / size)) * 3;
      for (let channel = 0; channel < 3; channel++) means[cell + channel] = (means[cell + channel] as number) + (pixels[(y * size + x) * 3 + channel] as number);
    }
  }
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  const length = Math.hypot(...means.map((value) => value - mean)) || 1;
  return means.map((value) => (value - mean) / length);
}

function bitCount(value: bigint): number {
  let count = 0;
  for (let rest = value; rest > 0n; rest &= rest - 1n) count++;
  return count;
}
