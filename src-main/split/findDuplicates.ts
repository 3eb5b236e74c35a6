import { setImmediate } from 'node:timers/promises';
import type { PreparedSet } from '../data/preparedSet.ts';
import { disjointGroups } from './disjointGroups.ts';
import {
  bitsSet,
  mirrorSigns,
  readSignatures,
  signatureSize,
  type HashHalves,
  type PictureSignatures,
} from './pictureSignatures.ts';
import { signatureCells, type SignatureCell } from './signatureCells.ts';

/** Two pictures that look nearly the same, by their index in the prepared set: the lower one first. */
export type NearPair = readonly [first: number, second: number];

export interface Duplicates {
  /**
   * Of one person, pairs that join all near-identical pictures into groups, and no more; of different people, at least
   * one pair for each picture that has one.
   */
  readonly nearPairs: readonly NearPair[];
  /** Whether there were too many pictures to look for pairs. */
  readonly skipped: boolean;
}

export const noDuplicates: Duplicates = { nearPairs: [], skipped: false };

export interface SearchOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Near-identical pictures: difference hashes at most this many bits apart, */
const mostBitsApart = 10;
/** and grey thumbnails that correlate above this. */
const nearCorrelation = 0.95;
/**
 * Two vectors of length 1 with a correlation c lie sqrt(2 - 2c) apart, and their low frequencies no farther. The rest
 * is for pictures that do not show the same cells.
 */
const mostApartSquared = 2 - 2 * nearCorrelation + 0.02;
/** The time of a search grows with the square of the pictures: half a million take about six minutes. */
export const mostSearched = 500_000;

/**
 * Looks for pictures that look nearly the same, as they are or mirrored. Identical files are not among the pairs.
 * Throws the signal's reason if it is aborted.
 */
export async function findDuplicates(set: PreparedSet, options: SearchOptions = {}): Promise<Duplicates> {
  if (set.count > mostSearched) return { nearPairs: [], skipped: true };
  const breathe = breather(options);
  const total = 2 * set.count; // reading, then comparing
  const signatures = await readSignatures(set, (done) => breathe(done, total));
  const usable = Int32Array.from(set.images.keys()).filter((index) => signatures.usable[index] === 1);
  const search = searchOver(signatures, signatureCells(signatures.frequencies, usable));
  const found = pairCollector(set);
  for (const [place, cell] of search.cells.entries()) {
    for (let other = place; other < search.cells.length; other++) {
      for (const mirrored of [false, true]) {
        const pair: CellPair = { cell, other: search.cells[other] as PlacedCell, mirrored };
        if (cellsAreNear(pair)) compareCells(search, pair, found.add);
      }
    }
    await breathe(set.count + cell.end, total);
  }
  return { nearPairs: found.sorted(), skipped: false };
}

/** A cell whose pictures lie side by side in the arrays of a search. */
interface PlacedCell extends SignatureCell {
  readonly start: number;
  readonly end: number;
}
/** The signatures in the order of the cells, so that a comparison of two cells reads them in a row. */
interface Search {
  readonly signatures: PictureSignatures;
  readonly cells: readonly PlacedCell[];
  readonly pictures: Int32Array;
  readonly hashes: HashHalves;
  readonly mirroredHashes: HashHalves;
  readonly frequencies: Float32Array;
}

function searchOver(signatures: PictureSignatures, cells: readonly SignatureCell[]): Search {
  const placed: PlacedCell[] = [];
  let start = 0;
  for (const cell of cells) {
    const end = start + cell.pictures.length;
    placed.push({ ...cell, start, end });
    start = end;
  }
  const pictures = new Int32Array(start);
  for (const cell of placed) pictures.set(cell.pictures, cell.start);
  const ordered = ({ high, low }: HashHalves): HashHalves => ({
    high: pictures.map((picture) => high[picture]!),
    low: pictures.map((picture) => low[picture]!),
  });
  const frequencies = new Float32Array(start * signatureSize);
  for (const [place, picture] of pictures.entries())
    frequencies.set(
      signatures.frequencies.subarray(picture * signatureSize, (picture + 1) * signatureSize),
      place * signatureSize,
    );
  return {
    signatures,
    cells: placed,
    pictures,
    hashes: ordered(signatures.hashes),
    mirroredHashes: ordered(signatures.mirroredHashes),
    frequencies,
  };
}

const breath = 50; // milliseconds of work before others get their turn

/** Lets other work of the thread run from time to time, and stops with it. */
function breather({ onProgress, signal }: SearchOptions): (done: number, total: number) => Promise<void> {
  let last = performance.now();
  return async (done, total) => {
    if (performance.now() - last < breath) return;
    onProgress?.(done, total);
    await setImmediate();
    signal?.throwIfAborted();
    last = performance.now();
  };
}

/** Two cells to compare; of the other one, the mirrored pictures if `mirrored`. */
interface CellPair {
  readonly cell: PlacedCell;
  readonly other: PlacedCell;
  readonly mirrored: boolean;
}

function cellsAreNear({ cell, other, mirrored }: CellPair): boolean {
  let squared = 0;
  for (let at = 0; at < signatureSize; at++) {
    const isFlipped = mirrored && mirrorSigns[at] === -1;
    const lowest = isFlipped ? -other.highest[at]! : other.lowest[at]!;
    const highest = isFlipped ? -other.lowest[at]! : other.highest[at]!;
    const gap = Math.max(cell.lowest[at]! - highest, lowest - cell.highest[at]!, 0);
    squared += gap * gap;
    if (squared > mostApartSquared) return false;
  }
  return true;
}

type Compare = (first: number, second: number, isNear: () => boolean) => void;

function compareCells(search: Search, { cell, other, mirrored }: CellPair, add: Compare): void {
  const { pictures, frequencies, hashes } = search;
  const { high, low } = mirrored ? search.mirroredHashes : hashes;
  for (let first = cell.start; first < cell.end; first++) {
    if (!isNearCell(frequencies, first, { other, mirrored })) continue;
    const ownHigh = hashes.high[first]!;
    const ownLow = hashes.low[first]!;
    for (let second = cell === other ? first + 1 : other.start; second < other.end; second++) {
      if (bitsSet(ownHigh ^ high[second]!, ownLow ^ low[second]!) > mostBitsApart) continue;
      if (!areNear(frequencies, { first, second, mirrored })) continue;
      const [one, two] = [pictures[first]!, pictures[second]!];
      add(one, two, () => search.signatures.correlation(one, two, mirrored) > nearCorrelation);
    }
  }
}

/** Whether anything in a cell can be near one picture. */
function isNearCell(
  frequencies: Float32Array,
  place: number,
  { other, mirrored }: { readonly other: SignatureCell; readonly mirrored: boolean },
): boolean {
  let squared = 0;
  for (let at = 0; at < signatureSize; at++) {
    const sign = mirrored ? mirrorSigns[at]! : 1;
    const value = sign * frequencies[place * signatureSize + at]!;
    const below = other.lowest[at]! - value;
    const above = value - other.highest[at]!;
    const gap = below > 0 ? below : above;
    if (gap > 0) squared += gap * gap;
    if (squared > mostApartSquared) return false;
  }
  return true;
}

function areNear(
  frequencies: Float32Array,
  { first, second, mirrored }: { readonly first: number; readonly second: number; readonly mirrored: boolean },
): boolean {
  let squared = 0;
  for (let at = 0; at < signatureSize; at++) {
    const sign = mirrored ? mirrorSigns[at]! : 1;
    squared += (frequencies[first * signatureSize + at]! - sign * frequencies[second * signatureSize + at]!) ** 2;
  }
  return squared <= mostApartSquared;
}

/** Keeps pairs as Duplicates asks for them, and compares pixels only for a pair that would be kept. */
function pairCollector({ images }: PreparedSet): { readonly add: Compare; readonly sorted: () => NearPair[] } {
  const pairs: NearPair[] = [];
  const groups = disjointGroups(images.length);
  const hasOtherPerson = new Uint8Array(images.length);
  return {
    add(first, second, isNear) {
      const one = images[first];
      const two = images[second];
      if (one?.contentHash === two?.contentHash) return;
      const isOnePerson = one?.identity === two?.identity;
      const isKnown = isOnePerson
        ? groups.rootOf(first) === groups.rootOf(second)
        : hasOtherPerson[first] === 1 && hasOtherPerson[second] === 1;
      if (isKnown || !isNear()) return;
      if (isOnePerson) groups.join(first, second);
      else hasOtherPerson[first] = hasOtherPerson[second] = 1;
      pairs.push([Math.min(first, second), Math.max(first, second)]);
    },
    sorted: () => pairs.sort(([a, b], [c, d]) => a - c || b - d),
  };
}
