import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { partNames, splitSchema } from '../../src-shared/splitSchema.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../src-shared/splitNotes.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { findDuplicates, noDuplicates } from '../../src-main/split/findDuplicates.ts';
import { auditSplit } from '../../src-main/split/auditSplit.ts';
import { makeSplit } from '../../src-main/split/makeSplit.ts';
import { valImages, valPeople } from '../../src-main/split/valPeople.ts';
import { verifySplitFolders, writeSplitFolders } from '../../src-main/split/splitFolders.ts';

function preparedSet(
  people: number,
  images: number,
  change: (image: PreparedSet['images'][number], index: number) => PreparedSet['images'][number] = (image) => image,
): PreparedSet {
  const random = randomStream(1, 'hashes');
  const all = Array.from({ length: people * images }, (_, index) =>
    change(
      {
        path: `/faces/p${Math.floor(index / images)}/${index}.png`,
        identity: `p${Math.floor(index / images)}`,
        contentHash: createHash('sha256').update(String(index)).digest('hex'),
        perceptualHash: Array.from({ length: 16 }, () => random.integer(16).toString(16)).join(''),
      },
      index,
    ),
  );
  return {
    folder: '/nowhere',
    inputSize: 32,
    count: all.length,
    hash: 'set',
    images: all,
    rejected: [],
    alignment: 'none',
  };
}

test('every image is in at most one part and held-out people are never trained on, for many seeds', () => {
  const set = preparedSet(20, 9);
  for (let seed = 0; seed < 50; seed++) {
    const split = makeSplit(set, splitSchema.parse({ seed }));
    const all = partNames.flatMap((part) => split.parts[part]);
    assert.equal(new Set(all).size, all.length);
    assert.equal(all.length, set.count);
    const peopleOf = (part: (typeof partNames)[number]) =>
      new Set(split.parts[part].map((index) => set.images[index]?.identity ?? ''));
    for (const part of ['query', 'distractors'] as const)
      for (const identity of peopleOf(part)) assert.ok(!split.classes.includes(identity));
    for (const part of ['train', 'val', 'test'] as const)
      assert.deepEqual([...peopleOf(part)].sort(), [...split.classes].sort());
    assert.deepEqual(auditSplit(set, split, noDuplicates), { findings: [], blocked: false });
  }
});

test('people are held out for val by the seed, beside the same query and distractors', () => {
  const set = preparedSet(20, 9);
  const without = makeSplit(set, splitSchema.parse({ seed: 3 }));
  const split = makeSplit(set, splitSchema.parse({ seed: 3, valPeople: 0.15 }));
  const held = valPeople(set.images, split);
  assert.equal(held.length, 3);
  assert.match(
    splitNoteSentence(split.notes[0]!, reportTexts('en')),
    /^3 people are held out for val, drawn with seed 3: p\d+, p\d+ and p\d+\. Identification is measured/,
  );
  assert.deepEqual([split.parts.query, split.parts.distractors], [without.parts.query, without.parts.distractors]);
  assert.deepEqual([...split.classes, ...held].sort(), without.classes);
  const { ofClasses, ofOthers } = valImages(set.images, { classes: split.classes, val: split.parts.val });
  assert.equal(ofOthers.length, 27, 'all pictures of a person who is held out are in val');
  for (const part of ['train', 'test'] as const)
    assert.ok(split.parts[part].every((index) => !held.includes(set.images[index]?.identity ?? '')));
  assert.deepEqual(
    ofClasses,
    without.parts.val.filter((index) => split.classes.includes(set.images[index]?.identity ?? '')),
  );
  assert.deepEqual(auditSplit(set, split, noDuplicates), { findings: [], blocked: false });
  assert.notDeepEqual(valPeople(set.images, makeSplit(set, splitSchema.parse({ seed: 4, valPeople: 0.15 }))), held);
  const byHand = makeSplit(set, splitSchema.parse({ seed: 3, assign: { [split.classes[0]!]: 'val' } }));
  assert.deepEqual(valPeople(set.images, byHand), [split.classes[0]]);
  assert.throws(() => makeSplit(preparedSet(6, 9), splitSchema.parse({ valPeople: 0.5 })), {
    message: /hold out 6: add people, .* or lower split\.query, split\.distractors and split\.valPeople\./,
  });
  assert.throws(() => splitSchema.parse({ valPeople: 0.8 }), /query, distractors and valPeople together/);
});

test('the same seed gives the same split, and another seed another one', () => {
  const set = preparedSet(12, 8);
  assert.equal(
    makeSplit(set, splitSchema.parse({ seed: 1 })).hash,
    makeSplit(set, splitSchema.parse({ seed: 1 })).hash,
  );
  assert.notEqual(
    makeSplit(set, splitSchema.parse({ seed: 1 })).hash,
    makeSplit(set, splitSchema.parse({ seed: 2 })).hash,
  );
});

test('split.assign moves one person and leaves the others where they were, and an unknown name is refused', () => {
  const set = preparedSet(12, 8);
  const before = makeSplit(set, splitSchema.parse({}));
  const [moved, dropped] = before.classes as [string, string];
  const after = makeSplit(set, splitSchema.parse({ assign: { [moved]: 'query', [dropped]: 'left out' } }));
  assert.deepEqual(after.classes, before.classes.slice(2));
  const peopleOf = (part: (typeof partNames)[number], split: typeof after) => [
    ...new Set(split.parts[part].map((index) => set.images[index]?.identity)),
  ];
  assert.deepEqual(peopleOf('query', after).sort(), [...peopleOf('query', before), moved].sort());
  assert.deepEqual(peopleOf('distractors', after), peopleOf('distractors', before));
  assert.deepEqual(after.skipped, [{ identity: dropped, images: 8, reason: 'by hand' }]);
  assert.throws(
    () => makeSplit(set, splitSchema.parse({ assign: { nobody: 'query' } })),
    /split\.assign names nobody, who is not in the dataset/,
  );
});

test('a split that leaves too few people or pictures says what to do', () => {
  assert.throws(
    () => makeSplit(preparedSet(10, 3), splitSchema.parse({ minImages: 5 })),
    /Only 0 of 10 identities have at least 5 images.*lower split\.minImages/,
  );
  assert.throws(
    () => makeSplit(preparedSet(8, 2), splitSchema.parse({ minImages: 1 })),
    /p\d and \d more people have too few different pictures for train, val and test/,
  );
});

test('the audit finds identical and nearly identical pictures, which split.allowFindings allows by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-audit-'));
  try {
    const hashes = new Map([
      [1, '123456789abcdef0'],
      [78, '123456789abcdef1'],
      [2, '0fedcba987654321'],
      [77, '0fedcba987654320'],
    ]);
    const planted = {
      ...preparedSet(10, 8, (image, index) => ({
        ...image,
        ...(index === 79 ? { contentHash: createHash('sha256').update('0').digest('hex') } : {}),
        perceptualHash: hashes.get(index) ?? image.perceptualHash,
      })),
      folder,
    };
    const random = randomStream(2, 'pixels');
    const pixels = Array.from({ length: planted.count }, () =>
      Uint8Array.from({ length: 32 * 32 * 3 }, () => random.integer(200)),
    );
    // a brighter, noisier copy
    pixels[78] = (pixels[1] as Uint8Array).map((value) => Math.round(value * 1.1) + random.integer(6));
    writeFileSync(join(folder, 'images.bin'), Buffer.concat(pixels));
    const partOf = (split: ReturnType<typeof makeSplit>, index: number) =>
      partNames.find((part) => split.parts[part].includes(index));
    const apart = (split: ReturnType<typeof makeSplit>) =>
      (
        [
          [0, 79],
          [1, 78],
          [2, 77],
        ] as const
      ).every(([a, b]) => partOf(split, a) !== partOf(split, b));
    const rule = Array.from({ length: 200 }, (_, seed) =>
      splitSchema.parse({ seed, query: 0, distractors: 0, duplicates: 'block' }),
    ).find((candidate) => apart(makeSplit(planted, candidate)));
    assert.ok(rule, 'no seed sets the planted pairs apart');
    const duplicates = await findDuplicates(planted);
    const audit = auditSplit(planted, makeSplit(planted, rule), duplicates);
    assert.ok(audit.blocked);
    // 2 and 77 have nearly the same hash and different pixels: two faces in one pose, no leak.
    assert.deepEqual(audit.findings.map(({ kind, images }) => [kind, ...images].join(' ')).sort(), [
      'identical-content /faces/p0/0.png /faces/p9/79.png',
      'near-identical /faces/p0/1.png /faces/p9/78.png',
    ]);
    const overridden = auditSplit(
      planted,
      makeSplit(planted, { ...rule, allowFindings: audit.findings.map((finding) => finding.name) }),
      duplicates,
    );
    assert.equal(overridden.blocked, false);
    assert.equal(overridden.findings.length, audit.findings.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('split folders hold each file once under its part, and a changed file is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-split-'));
  try {
    mkdirSync(join(folder, 'faces'));
    const set = preparedSet(6, 6, (image, index) => {
      const path = join(folder, 'faces', `${index}.png`);
      writeFileSync(path, `picture ${index}`);
      return {
        ...image,
        path,
        identity: index < 6 ? '../ä b\n' : image.identity,
        contentHash: createHash('sha256').update(`picture ${index}`).digest('hex'),
      };
    });
    const split = makeSplit(set, splitSchema.parse({ query: 0, distractors: 0 }));
    await writeSplitFolders(set, split, join(folder, 'split'));
    assert.deepEqual(readdirSync(join(folder, 'split')).sort(), ['manifest.json', 'test', 'train', 'val']);
    assert.equal(readdirSync(join(folder, 'split', 'train')).length, 6);
    assert.deepEqual(await verifySplitFolders(join(folder, 'split')), []);
    const identity = readdirSync(join(folder, 'split', 'train'))[0] as string;
    const file = readdirSync(join(folder, 'split', 'train', identity))[0] as string;
    rmSync(join(folder, 'split', 'train', identity, file));
    writeFileSync(join(folder, 'split', 'train', identity, file), 'other');
    assert.deepEqual(await verifySplitFolders(join(folder, 'split')), [
      `train/${identity}/${file} has changed since the split was made.`,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the manifest of many files is the same JSON as that of few, and its hash is that of its bytes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-split-'));
  try {
    mkdirSync(join(folder, 'faces'));
    const set = preparedSet(110, 10, (image, index) => {
      const path = join(folder, 'faces', `${index}.png`);
      writeFileSync(path, `picture ${index}`);
      return { ...image, path, contentHash: String(index).padStart(64, '0') };
    });
    const split = makeSplit(set, splitSchema.parse({}));
    const { manifestHash } = await writeSplitFolders(set, split, join(folder, 'split'));
    const text = readFileSync(join(folder, 'split', 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as { readonly files: readonly { readonly file: string }[] };
    assert.equal(manifest.files.length, 1100, 'more than are written at a time');
    assert.equal(text, JSON.stringify(manifest, null, 1));
    assert.equal(manifestHash, createHash('sha256').update(text).digest('hex'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
