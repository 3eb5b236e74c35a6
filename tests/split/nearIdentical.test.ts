import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { splitSchema } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { auditSplit } from '../../src-main/split/auditSplit.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-near-'));
after(() => rmSync(folder, { recursive: true }));

test(
  'the audit finds the same pairs of similar hashes as comparing all with all, in hashes that cluster like those ' +
    'of faces',
  () => {
    const random = randomStream(9, 'hashes');
    const people = 150;
    const each = 10;
    const side = 32;
    const bits = () => BigInt(`0x${Array.from({ length: 16 }, () => random.integer(16).toString(16)).join('')}`);
    const flipped = (hash: bigint, count: number) =>
      Array.from({ length: count }).reduce<bigint>((value) => value ^ (1n << BigInt(random.integer(64))), hash);
    const common = bits();
    const seen = [] as bigint[];
    const images = Array.from({ length: people * each }, (_, index) => {
      // Every third lies near one before it, at 0 to 4 bits.
      const hash =
        index % 3 === 2
          ? flipped(seen[random.integer(seen.length)] as bigint, random.integer(5))
          : flipped(common, 8 + random.integer(6));
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
    const split = makeSplit(set, splitSchema.parse({}));
    const partOf = new Map(
      Object.entries(split.parts).flatMap(([part, indexes]) => indexes.map((index) => [index, part] as const)),
    );
    const expected: string[] = [];
    for (let a = 0; a < images.length; a++) {
      for (let b = a + 1; b < images.length; b++) {
        const apart = ((seen[a] as bigint) ^ (seen[b] as bigint)).toString(2).replaceAll('0', '').length;
        if (apart <= 2 && partOf.get(a) !== partOf.get(b)) expected.push(`${a} ${b}`);
      }
    }
    assert.ok(expected.length > 100, `${expected.length} pairs alone`);
    const found = auditSplit(set, split)
      .findings.filter(({ kind }) => kind === 'near-identical')
      .map(({ pictures }) => pictures.toSorted((a, b) => a - b).join(' '));
    assert.deepEqual(found.sort(), expected.sort());
  },
);
