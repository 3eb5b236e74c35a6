import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { randomStream } from '../../src-shared/maths/random.ts';
import { perceptualHash } from '../../src-main/data/perceptualHash.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { findDuplicates } from '../../src-main/split/findDuplicates.ts';

const side = 24; // pixels: one for each cell that is compared
const folder = mkdtempSync(join(tmpdir(), 'arcbench-near-'));
after(() => rmSync(folder, { recursive: true }));

/** Grey pictures as a prepared set; a name is 'person' and is that of several pictures. */
function setOf(pictures: readonly { readonly name: string; readonly grey: readonly number[] }[]): PreparedSet {
  const pixels = pictures.map(({ grey }) => Uint8Array.from(grey.flatMap((value) => [value, value, value])));
  writeFileSync(join(folder, 'images.bin'), Buffer.concat(pixels));
  const images = pictures.map(({ name }, index) => ({
    path: `/faces/${index}.png`,
    identity: name,
    contentHash: String(index).padStart(64, '0'),
    perceptualHash: perceptualHash(pixels[index] as Uint8Array, side),
  }));
  return { folder, inputSize: side, count: images.length, hash: 'near', images, rejected: [], alignment: 'none' };
}
const bound = (value: number) => Math.max(1, Math.min(255, Math.round(value)));
const mirrored = (grey: readonly number[]) =>
  Array.from({ length: side * side }, (_, at) => grey[at - (at % side) + side - 1 - (at % side)] as number);

/** Smooth waves: what all faces share, and what this picture has of its own. */
function drawing(seed: number, own: number): number[] {
  const shared = randomStream(1, 'shared');
  const random = randomStream(1, 'own', seed);
  const waves = Array.from({ length: 12 }, (_, wave) => ({
    across: wave % 4,
    down: Math.floor(wave / 4),
    height: 30 * (shared.next() - 0.5) + own * (random.next() - 0.5),
    shift: 3 * shared.next() + random.next(),
  }));
  return Array.from({ length: side * side }, (_, at) =>
    bound(
      waves.reduce(
        (sum, { across, down, height, shift }) =>
          sum + height * Math.cos((Math.PI * (across * (at % side) + down * Math.floor(at / side))) / side + shift),
        128,
      ),
    ),
  );
}

/** The definition, written out: at most 10 bits of the hash apart, correlation above 0.95, as it is or mirrored. */
function isNear(a: readonly number[], b: readonly number[]): boolean {
  const hashOf = (grey: readonly number[]) =>
    BigInt(`0x${perceptualHash(Uint8Array.from(grey.flatMap((value) => [value, value, value])), side)}`);
  const correlation = (other: readonly number[]) => {
    const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value) / of.length;
    const meanA = mean(a);
    const meanB = mean(other);
    const sum = (term: (x: number, y: number) => number) =>
      a.reduce((total, value, at) => total + term(value - meanA, (other[at] as number) - meanB), 0);
    return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
  };
  return [b, mirrored(b)].some(
    (other) => (hashOf(a) ^ hashOf(other)).toString(2).replaceAll('0', '').length <= 10 && correlation(other) > 0.95,
  );
}

test('the search finds what comparing all with all finds, in pictures that resemble each other', async () => {
  const random = randomStream(9, 'copies');
  const pictures: { name: string; grey: readonly number[] }[] = [];
  for (let index = 0; index < 140; index++) {
    const name = `person ${index % 24}`;
    const before = pictures[random.integer(Math.max(1, index))];
    const noisy = (grey: readonly number[], noise: number) =>
      grey.map((value) => bound(value + noise * random.normal()));
    if (index % 4 === 3 && before) {
      const grey = index % 8 === 3 ? mirrored(before.grey) : before.grey.map((value) => bound(1.2 * value));
      pictures.push({ name: index % 3 === 0 ? before.name : name, grey: noisy(grey, 4) });
    } else pictures.push({ name, grey: noisy(drawing(index, 26), 3) });
  }
  const near: [number, number][] = [];
  pictures.forEach((a, first) =>
    pictures.forEach((b, second) => {
      if (first < second && isNear(a.grey, b.grey)) near.push([first, second]);
    }),
  );
  const { nearPairs } = await findDuplicates(setOf(pictures));
  const nameOf = (index: number) => pictures[index]?.name;

  // Of different people: exactly the pictures that have such a pair at all.
  const between = (pairs: readonly (readonly [number, number])[]) =>
    [...new Set(pairs.filter(([a, b]) => nameOf(a) !== nameOf(b)).flat())].sort((a, b) => a - b);
  assert.ok(between(near).length > 12 && between(near).length < 120, `${between(near).length} pictures`);
  assert.deepEqual(between(nearPairs), between(near));

  // Of one person: the pairs join what comparing all with all joins.
  const within = (pairs: readonly (readonly [number, number])[]) => pairs.filter(([a, b]) => nameOf(a) === nameOf(b));
  const groups = (pairs: readonly (readonly [number, number])[]) => {
    const names = [...pictures.keys()];
    for (let changed = true; changed;) {
      changed = false;
      for (const [a, b] of pairs) {
        const name = Math.min(names[a] as number, names[b] as number);
        changed ||= names[a] !== name || names[b] !== name;
        names[a] = names[b] = name;
      }
    }
    return names;
  };
  assert.ok(within(near).length > 3, `${within(near).length} pairs of one person`);
  assert.deepEqual(groups(within(nearPairs)), groups(within(near)));
});

test('a black border that two faces share does not make them alike, and a copy in it is found', async () => {
  const framed = (grey: readonly number[]) =>
    grey.map((value, at) => (at % side < 5 || at % side > 18 || at < 6 * side ? 0 : value));
  const faces = [1, 2, 3].map((seed) => ({ name: `person ${seed}`, grey: framed(drawing(seed, 120)) }));
  const copy = { name: 'copy', grey: framed((faces[1] as { grey: number[] }).grey.map((value) => bound(value * 1.1))) };
  const mirror = { name: 'mirror', grey: mirrored((faces[2] as { grey: number[] }).grey) };
  assert.deepEqual((await findDuplicates(setOf([...faces, copy, mirror]))).nearPairs, [
    [1, 3],
    [2, 4],
  ]);
});

test('a search that is stopped ends with the reason', async () => {
  const pictures = Array.from({ length: 300 }, (_, index) => ({ name: 'ann', grey: drawing(index, 30) }));
  const stopper = new AbortController();
  stopper.abort(new Error('stopped'));
  const set = { ...setOf(pictures), count: 300 };
  await assert.rejects(findDuplicates(set, { signal: stopper.signal }), /stopped/);
});
