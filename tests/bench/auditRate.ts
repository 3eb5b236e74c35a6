// The leakage audit of 200,000 pictures of 10,000 people: seconds of hashing, estimated from 400 real files, and of the
// comparison, with leaks planted and without.
import { createHash, hash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { partNames, splitSchema } from '../../src-shared/splitSchema.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { perceptualHash } from '../../src-main/data/perceptualHash.ts';
import {
  openPreparedSet,
  readPreparedIndex,
  verifyPackedImages,
  writePreparedIndex,
  type PreparedImage,
  type PreparedSet,
} from '../../src-main/data/preparedSet.ts';
import { auditSplit } from '../../src-main/split/auditSplit.ts';
import { findDuplicates } from '../../src-main/split/findDuplicates.ts';
import { makeSplit, type Split } from '../../src-main/split/makeSplit.ts';
import { drawnPortrait } from '../drawnPortrait.ts';
import { publish } from './measured.ts';
import { optionOf } from './optionOf.ts';

const people = Number(optionOf('people', '10000'));
const picturesEach = 20;
const total = people * picturesEach;
const side = 32;
const grid = 8;

/** Soft fields of 8 x 8 x 3 values: one that all aligned faces share, a person's own, a picture's own. */
const field = (random: { next(): number }, amplitude: number) =>
  Float32Array.from({ length: grid * grid * 3 }, () => (random.next() - 0.5) * amplitude);
const common = field(randomStream(1, 'common'), 160);

/** One picture, [32][32][3] uint8: the sum of three fields, drawn bilinearly, with grain. */
function draw(person: Float32Array, own: Float32Array, grain: { integer(below: number): number }): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  const sum = common.map((value, at) => 128 + value + (person[at] as number) + (own[at] as number));
  for (let y = 0, at = 0; y < side; y++) {
    const v = Math.floor((y * (grid - 1)) / side);
    const fy = ((y * (grid - 1)) / side) % 1;
    for (let x = 0; x < side; x++) {
      const u = Math.floor((x * (grid - 1)) / side);
      const fx = ((x * (grid - 1)) / side) % 1;
      const noise = grain.integer(9) - 4;
      for (let channel = 0; channel < 3; channel++, at++) {
        const value = (dx: number, dy: number) => sum[((v + dy) * grid + u + dx) * 3 + channel] as number;
        const above = value(0, 0) * (1 - fx) + value(1, 0) * fx,
          below = value(0, 1) * (1 - fx) + value(1, 1) * fx;
        pixels[at] = Math.max(0, Math.min(255, above * (1 - fy) + below * fy + noise));
      }
    }
  }
  return pixels;
}

/**
 * Writes a prepared set as the product writes it; pictures that `copyOf` names are copies of another's pixels, a little
 * brighter, or of its whole file.
 */
async function writeSet(
  folder: string,
  copyOf: ReadonlyMap<number, { readonly original: number; readonly sameFile: boolean }>,
): Promise<PreparedSet> {
  mkdirSync(folder);
  const file = openSync(join(folder, 'images.bin'), 'w');
  const digest = createHash('sha256');
  const images: PreparedImage[] = [];
  const pixelsOf = (index: number) =>
    draw(
      field(randomStream(2, 'person', Math.floor(index / picturesEach)), 110),
      field(randomStream(3, 'picture', index), 90),
      randomStream(4, 'grain', index),
    );
  for (let index = 0; index < total; index++) {
    const copy = copyOf.get(index);
    const pixels = pixelsOf(copy?.original ?? index);
    if (copy && !copy.sameFile) for (const [at, value] of pixels.entries()) pixels[at] = Math.min(255, value + 6);
    digest.update(pixels);
    writeSync(file, pixels);
    images.push({
      path: `/faces/${index}.png`,
      identity: `person ${Math.floor(index / picturesEach)}`,
      contentHash: hash('sha256', pixels),
      perceptualHash: perceptualHash(pixels, side),
    });
  }
  closeSync(file);
  await writePreparedIndex(
    join(folder, 'index.json'),
    {
      version: 1,
      inputSize: side,
      hash: 'bench',
      alignment: 'none',
      packed: { bytes: total * side * side * 3, sha256: digest.digest('hex') },
      images,
      rejected: [],
    },
    folder,
  );
  return openPreparedSet(folder);
}

/**
 * Reads a set with all its checks, splits and audits it, as `arcbench audit` does; `leak` may put a person into a
 * second part.
 */
async function audit(folder: string, leak: (split: Split) => Split = (split) => split) {
  const started = performance.now();
  await verifyPackedImages(folder, readPreparedIndex(folder));
  const set = openPreparedSet(folder);
  const split = leak(makeSplit(set, rule));
  const read = performance.now();
  const { findings } = auditSplit(set, split, await findDuplicates(set));
  return {
    findings: findings.filter((finding) => finding.blocking),
    split,
    reading: (read - started) / 1000,
    comparing: (performance.now() - read) / 1000,
  };
}

/** Seconds to read and hash one picture file of 178 x 218 pixels, as in CelebA; warm in the file cache. */
async function hashingSeconds(folder: string): Promise<number> {
  const jpegs = await Promise.all(
    Array.from({ length: 400 }, async (_, index) => {
      const target = join(folder, `${index}.jpg`);
      const portrait = await drawnPortrait(Math.floor(index / 10), index % 10);
      await sharp(portrait).resize(178, 218).jpeg({ quality: 92 }).toFile(target);
      return target;
    }),
  );
  const started = performance.now();
  for (let round = 0; round < 5; round++) for (const path of jpegs) hash('sha256', readFileSync(path));
  return (performance.now() - started) / 1000 / (5 * jpegs.length);
}

const rule = splitSchema.parse({ duplicates: 'block' });
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-audit-'));
try {
  const each = await hashingSeconds(workspace);
  // Picture 20 n + 3 of every hundredth person is the next person's first, as the same file or re-encoded.
  const planted = new Map(
    Array.from(
      { length: Math.floor(people / 100) },
      (_, n) =>
        [100 * n * picturesEach + 3, { original: (100 * n + 1) * picturesEach, sameFile: n % 2 === 0 }] as const,
    ),
  );
  await writeSet(join(workspace, 'clean'), new Map());
  await writeSet(join(workspace, 'planted'), planted);
  const clean = await audit(join(workspace, 'clean'));
  const expected = new Set<string>();
  const leaking = await audit(join(workspace, 'planted'), (split) => {
    const twice = split.parts.train[0] as number;
    const held = `person ${Math.floor((split.parts.query[0] as number) / picturesEach)}`;
    expected.add(`one-file-twice /faces/${twice}.png`).add(`held-out-identity-in-training ${held}`);
    const partOf = new Map(partNames.flatMap((part) => split.parts[part].map((index) => [index, part] as const)));
    for (const [index, { original, sameFile }] of planted) {
      // Two that look alike within one part leak nothing; one file under two names always does.
      if (sameFile || partOf.get(index) !== partOf.get(original))
        expected.add(
          `${sameFile ? 'identical-content' : 'near-identical'} ${[index, original]
            .sort((one, other) => one - other)
            .map((each) => `/faces/${each}.png`)
            .join(' ')}`,
        );
    }
    return { ...split, classes: [...split.classes, held], parts: { ...split.parts, val: [...split.parts.val, twice] } };
  });
  const found = new Set(
    leaking.findings.map(({ kind, name, pictures, images }) =>
      kind === 'held-out-identity-in-training'
        ? name.replace(':', ' ')
        : `${kind} ${inOrderOf(images, pictures).join(' ')}`,
    ),
  );
  const hashing = each * total;
  const seconds = hashing + clean.reading + clean.comparing;
  publish(`Leakage audit of ${total.toLocaleString('en')} pictures of ${people.toLocaleString('en')} people`, [
    {
      name: `reading and hashing their files, at ${Math.round(1 / each).toLocaleString('en')} a second`,
      value: hashing,
      unit: 's',
    },
    { name: 'reading the prepared set with its checks, splitting', value: clean.reading, unit: 's' },
    { name: 'comparing, nothing planted', value: clean.comparing, unit: 's' },
    { name: 'comparing, with leaks planted', value: leaking.comparing, unit: 's' },
    { name: 'all, nothing planted', value: seconds, unit: 's', goal: '< 120', met: seconds < 120 },
    {
      name: 'found where nothing is planted',
      value: clean.findings.length,
      unit: 'leaks',
      goal: '0',
      met: clean.findings.length === 0,
    },
    {
      name: `of ${expected.size} planted leaks found`,
      value: [...expected].filter((leak) => found.has(leak)).length,
      unit: 'leaks',
      goal: 'all',
      met: [...expected].every((leak) => found.has(leak)),
    },
    {
      name: 'found beside those planted',
      value: [...found].filter((leak) => !expected.has(leak)).length,
      unit: 'leaks',
      goal: '0',
      met: [...found].every((leak) => expected.has(leak)),
    },
  ]);
} finally {
  rmSync(workspace, { recursive: true });
}

/** Images in the order of their pictures' positions. */
function inOrderOf(images: readonly string[], pictures: readonly number[]): string[] {
  const placeOf = (image: string) => pictures[images.indexOf(image)] as number;
  return images.toSorted((one, other) => placeOf(one) - placeOf(other));
}
