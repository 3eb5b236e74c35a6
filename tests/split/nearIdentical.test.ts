import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { findDuplicates } from '../../src-main/split/findDuplicates.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-near-'));
after(() => rmSync(folder, { recursive: true }));

test('the search finds the same similar hashes as comparing all with all, in hashes that cluster like those of faces', async () => {
  const random = randomStream(9, 'hashes');
  const people = 50;
  const each = 10;
  const side = 32;
  const bits = () => BigInt(`0x${Array.from({ length: 16 }, () => random.integer(16).toString(16)).join('')}`);
  const flipped = (hash: bigint, count: number) =>
    Array.from({ length: count }).reduce<bigint>((value) => value ^ (1n << BigInt(random.integer(64))), hash);
  const common = bits();
  const seen = [] as bigint[];
  const images = Array.from({ length: people * each }, (_, index) => {
    // Every third lies near one before it, at 0 to 11 bits.
    const hash =
      index % 3 === 2
        ? flipped(seen[index - 1 - random.integer(index % 2 === 0 ? 2 : seen.length)] as bigint, random.integer(12))
        : flipped(common, 15 + random.integer(12));
    seen.push(hash);
    return {
      path: `/faces/${index}.png`,
      identity: `person ${Math.floor(index / each)}`,
      contentHash: String(index).padStart(64, '0'),
      perceptualHash: hash.toString(16).padStart(16, '0'),
    };
  });
  // All pixels are one gradient, so that the hashes alone decide.
  const picture = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 255) / (side * side * 3));
  writeFileSync(join(folder, 'images.bin'), Buffer.concat(images.map(() => picture)));
  const set: PreparedSet = {
    folder,
    inputSize: side,
    count: images.length,
    hash: 'near',
    images,
    rejected: [],
    alignment: 'none',
  };
  const apart = (a: bigint, b: bigint) => (a ^ b).toString(2).replaceAll('0', '').length;
  // Mirrored, each row of eight comparisons has the other order and the opposite outcomes.
  const mirrored = (hash: bigint) =>
    BigInt(
      `0b${(hash.toString(2).padStart(64, '0').match(/.{8}/g) as string[])
        .map((row) =>
          [...row]
            .reverse()
            .map((bit) => (bit === '1' ? '0' : '1'))
            .join(''),
        )
        .join('')}`,
    );
  const isNear = (a: number, b: number) =>
    apart(seen[a] as bigint, seen[b] as bigint) <= 10 || apart(seen[a] as bigint, mirrored(seen[b] as bigint)) <= 10;
  const { nearPairs } = await findDuplicates(set);

  // Of different people: the pictures that have such a pair at all.
  const personOf = (index: number) => Math.floor(index / each);
  const expected = new Set<number>();
  for (let a = 0; a < images.length; a++)
    for (let b = a + 1; b < images.length; b++) if (personOf(a) !== personOf(b) && isNear(a, b)) expected.add(a).add(b);
  const found = new Set(nearPairs.filter(([a, b]) => personOf(a) !== personOf(b)).flat());
  assert.ok(expected.size > 50 && expected.size < images.length, `${expected.size} pictures`);
  assert.deepEqual([...found].sort(), [...expected].sort());
  for (const [a, b] of nearPairs) assert.ok(isNear(a, b), `${a} and ${b} are far apart`);

  // Of one person: the pairs join what comparing all with all joins.
  const groupsOf = (pairs: readonly (readonly [number, number])[]) => {
    const names = images.map((_, index) => index);
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
  const all: [number, number][] = [];
  for (let a = 0; a < images.length; a++)
    for (let b = a + 1; b < images.length && personOf(b) === personOf(a); b++) if (isNear(a, b)) all.push([a, b]);
  const own = nearPairs.filter(([a, b]) => personOf(a) === personOf(b));
  assert.ok(own.length > 3 && own.length < all.length, `${own.length} of ${all.length} pairs`);
  assert.deepEqual(groupsOf(own), groupsOf(all));
});
