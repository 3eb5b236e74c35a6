import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomStream } from '../../src-shared/maths/random.ts';
import { buildPairs } from '../../src-main/evaluate/buildPairs.ts';
import { classSums, normalised, sampleOfClasses } from '../../src-main/evaluate/classCentres.ts';
import { standings } from '../../src-main/evaluate/compareWithCentres.ts';
import type { EmbeddedImages } from '../../src-main/evaluate/embedImages.ts';
import { findAliases } from '../../src-main/evaluate/findAliases.ts';
import { findConfusions } from '../../src-main/evaluate/findConfusions.ts';
import { hardestPairs } from '../../src-main/evaluate/hardestPairs.ts';
import { identifyByRank } from '../../src-main/evaluate/identifyByRank.ts';
import { measureSpace } from '../../src-main/evaluate/measureSpace.ts';
import { runPasses } from '../../src-main/evaluate/pairPasses.ts';
import { similarityRows } from '../../src-main/engine/similarityBlocks.ts';
import { verifyPairs } from '../../src-main/evaluate/verifyPairs.ts';

const size = 8;
/** Pictures of people around random centres; `spread` is the noise. */
function people(
  labels: readonly number[],
  { seed, spread, firstIndex = 0 }: { readonly seed: string; readonly spread: number; readonly firstIndex?: number },
): EmbeddedImages {
  const random = randomStream(1, seed);
  const centres = new Map<number, number[]>();
  const rows = labels.flatMap((label) => {
    const centre = centres.get(label) ?? Array.from({ length: size }, random.normal);
    centres.set(label, centre);
    return centre.map((value) => value + spread * random.normal());
  });
  const values = Float32Array.from(rows);
  return {
    indexes: labels.map((_, row) => firstIndex + row),
    labels: Int32Array.from(labels),
    units: normalised(values, size),
    norms: Float32Array.from(labels, (_, row) => Math.hypot(...values.subarray(row * size, (row + 1) * size))),
    ranks: new Int32Array(labels.length).fill(1),
    predicted: Int32Array.from(labels),
  };
}
const row = (images: Pick<EmbeddedImages, 'units'>, at: number) => [
  ...images.units.subarray(at * size, (at + 1) * size),
];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
const degrees = (cosine: number) => (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI;
// 1e-4: degrees from float32 cosines.
const close = (actual: number | null | undefined, expected: number, what: string) =>
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) < 1e-4 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual}, expected ${expected}`,
  );
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const repeat = (count: number, each: number) => Array.from({ length: count * each }, (_, at) => Math.floor(at / each));

test('blocks of the matrix product give what a double loop gives, whatever their size', () => {
  const a = people(repeat(3, 5), { seed: 'a', spread: 1 });
  const b = people(repeat(7, 3), { seed: 'b', spread: 1 });
  let rows = 0;
  for (const { row: at, similarities } of similarityRows(a.units, b.units, size)) {
    assert.equal(at, rows++);
    similarities.forEach((value, other) => close(value, dot(row(a, at), row(b, other)), `${at} ${other}`));
  }
  assert.equal(rows, 15);
  assert.deepEqual([...similarityRows(a.units, new Float32Array(0), size)], []);
});

test('angles, accuracies and spreads of a space equal plain loops over its pictures', () => {
  const labels = repeat(4, 6);
  const images = people(labels, { seed: 'space', spread: 0.9 });
  const train = people(labels, { seed: 'space', spread: 0.3 });
  const random = randomStream(2, 'weights');
  const weights = normalised(Float32Array.from({ length: 8 * size }, random.normal), size); // two centres a class
  const { sums } = classSums(train, { classes: 4, size });
  const means = normalised(sums, size);
  const space = measureSpace(images, {
    size,
    classes: 4,
    means: { rows: means, subCenters: 1 },
    meanImages: 24,
    weights: { rows: weights, subCenters: 2 },
    marginRadians: 2,
  });
  assert.ok(space);
  const { marginFree, geometry } = space;
  const pairs = labels.flatMap((_, a) =>
    labels.slice(a + 1).map((_, b) => ({
      angle: degrees(dot(row(images, a), row(images, a + 1 + b))),
      same: labels[a] === labels[a + 1 + b],
    })),
  );
  close(geometry.within?.mean, mean(pairs.filter((pair) => pair.same).map((pair) => pair.angle)), 'within');
  close(geometry.between?.mean, mean(pairs.filter((pair) => !pair.same).map((pair) => pair.angle)), 'between');
  assert.equal(
    geometry.between?.histogram.counts.reduce((sum, count) => sum + count, 0),
    pairs.filter((pair) => !pair.same).length,
  );
  for (const [found, rows, subCenters, accuracy] of [
    [geometry.toMeans, means, 1, marginFree.nearestCentre],
    [geometry.toWeights, weights, 2, marginFree.cosine],
  ] as const) {
    const standing = labels.map((label, at) => {
      const cosines = Array.from({ length: rows.length / size }, (_, centre) =>
        dot(row(images, at), [...rows.subarray(centre * size, (centre + 1) * size)]),
      );
      const best = (own: boolean) =>
        Math.max(...cosines.filter((_, centre) => (Math.floor(centre / subCenters) === label) === own));
      return { own: degrees(best(true)), other: degrees(best(false)) };
    });
    close(found?.own.mean, mean(standing.map(({ own }) => own)), 'own centre');
    close(found?.nearestOther.mean, mean(standing.map(({ other }) => other)), 'nearest other centre');
    close(
      found?.beyondMargin,
      standing.filter(({ own }) => own > 180 - (2 * 180) / Math.PI).length / 24,
      'beyond π - m',
    );
    assert.equal(accuracy?.correct, standing.filter(({ own, other }) => own < other).length);
  }
  const between = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((a) =>
    [0, 1, 2, 3, 4, 5, 6, 7]
      .filter((b) => b > a && b >> 1 !== a >> 1)
      .map((b) =>
        degrees(
          dot([...weights.subarray(a * size, a * size + size)], [...weights.subarray(b * size, b * size + size)]),
        ),
      ),
  );
  close(geometry.betweenWeights?.mean, mean(between), 'between weights of two classes');
  close(geometry.norms.mean, mean([...images.norms]), 'norms');
  assert.equal(marginFree.retrieval?.queries, 24);
});

test('built pairs share no person between folds, come in equal numbers, and the seed fixes them', () => {
  const labels = [...repeat(30, 4), ...Array.from({ length: 25 }, (_, at) => 30 + at)];
  const indexes = labels.map((_, at) => 1000 + at);
  const pairs = buildPairs(indexes, labels, 3);
  assert.deepEqual(buildPairs(indexes, labels, 3), pairs);
  assert.notDeepEqual(buildPairs(indexes, labels, 4), pairs);
  const person = (index: number) => labels[index - 1000]!;
  const foldsOf = new Map<number, Set<number>>();
  for (const { first, second, same, fold } of pairs) {
    assert.notEqual(first, second);
    assert.equal(person(first) === person(second), same);
    for (const index of [first, second])
      foldsOf.set(person(index), (foldsOf.get(person(index)) ?? new Set()).add(fold));
  }
  assert.ok([...foldsOf.values()].every((folds) => folds.size === 1));
  assert.equal(new Set(pairs.map(({ fold }) => fold)).size, 10);
  assert.equal(pairs.filter(({ same }) => same).length, 30 * 6);
  assert.equal(pairs.filter(({ same }) => !same).length, 30 * 6);
  assert.equal(new Set(pairs.map(({ first, second }) => `${first} ${second}`)).size, pairs.length);
  assert.deepEqual(buildPairs([1, 2], [0, 0], 1), []);
});

test('verification of well and badly separated people, with its counts', () => {
  const labels = repeat(20, 5);
  const judge = (spread: number) => {
    const images = people(labels, { seed: 'verify', spread });
    return verifyPairs({
      pairs: buildPairs(images.indexes, labels, 1),
      source: 'built',
      weights: 'pairs',
      listed: 0,
      falseAcceptanceRates: [0.1, 0.01],
      unitOf: (index) => images.units.subarray(index * size, (index + 1) * size),
      identityOf: (index) => String(labels[index]),
      seed: 1,
    });
  };
  const good = judge(0.05);
  const bad = judge(4);
  assert.ok(good && bad);
  assert.deepEqual(
    [good.genuine, good.impostors, good.people, good.accuracy.folds.length],
    [200, good.impostors, 20, 10],
  );
  assert.ok(
    good.accuracy.mean > 0.98 && good.areaUnderCurve > 0.99 && good.equalErrorRate < 0.02,
    JSON.stringify(good.accuracy.mean),
  );
  assert.ok(bad.accuracy.mean < 0.7 && bad.equalErrorRate > 0.3, JSON.stringify(bad.accuracy.mean));
  assert.ok(good.rates[0]!.interval.low < good.rates[0]!.truePositiveRate && good.roc.falsePositiveRates.length <= 200);
});

test('ranks among a gallery and growing distractors equal sorting by hand', () => {
  const query = people(repeat(6, 4), { seed: 'query', spread: 0.8 });
  const distractors = people(repeat(150, 1), { seed: 'others', spread: 0.8, firstIndex: 24 });
  const found = identifyByRank({ query, distractors, size, seed: 1 });
  assert.ok(found);
  assert.deepEqual([found.probes, found.gallery], [18, 6]);
  assert.deepEqual(
    found.byDistractors.map((entry) => entry.distractors),
    [0, 1, 10, 100, 150],
  );
  const gallery = [0, 4, 8, 12, 16, 20];
  const probes = Array.from({ length: 24 }, (_, at) => at).filter((at) => at % 4 !== 0);
  const rank = (probe: number, rivals: readonly (readonly number[])[]) => {
    const own = dot(row(query, probe), row(query, probe - (probe % 4)));
    return 1 + rivals.filter((rival) => dot(row(query, probe), rival) > own + 1e-9).length;
  };
  const galleryRows = (probe: number) => gallery.filter((at) => at !== probe - (probe % 4)).map((at) => row(query, at));
  const all = Array.from({ length: 150 }, (_, at) => row(distractors, at));
  const share = (ranks: readonly number[], within: number) =>
    ranks.filter((own) => own <= within).length / ranks.length;
  const without = probes.map((probe) => rank(probe, galleryRows(probe)));
  const withAll = probes.map((probe) => rank(probe, [...galleryRows(probe), ...all]));
  close(found.byDistractors[0]?.rank1.value, share(without, 1), 'rank-1 alone');
  close(found.byDistractors.at(-1)?.rank1.value, share(withAll, 1), 'rank-1 of all');
  close(found.byDistractors.at(-1)?.rank5.value, share(withAll, 5), 'rank-5 of all');
  close(found.cumulative[19]?.value, share(withAll, 20), 'rank-20');
  assert.ok(share(without, 1) > share(withAll, 1), 'the case has distractors that matter');
  const lone = people([0, 1], { seed: 'lone', spread: 0 });
  assert.equal(identifyByRank({ query: lone, distractors, size, seed: 1 }), null);
});

test('planted mistakes are found: a wrong label, a mix-up, twins apart and a person in disguise', () => {
  const classes = ['Ann', 'Bo', 'Cy'];
  const train = people(repeat(3, 6), { seed: 'train', spread: 0.1 });
  // a picture of Bo that says Cy
  const swapped = { ...train, labels: train.labels.map((label, at) => (at === 7 ? 2 : label)) };
  const test_ = people(repeat(3, 2), { seed: 'train', spread: 0.1, firstIndex: 100 });
  const ranks = Int32Array.of(1, 3, 2, 2, 1, 1);
  const predicted = Int32Array.of(0, 2, 0, 0, 2, 2);
  const query = people(repeat(3, 3), { seed: 'q', spread: 0.1, firstIndex: 200 });
  query.units.set(
    row(query, 3).map((value, at) => (at === 0 ? value + 1e-3 : value)),
    0,
  ); // person 0's first picture looks like person 1's
  const distractors = people([9], { seed: 'd', spread: 0.1, firstIndex: 300 });
  const means = { rows: normalised(classSums(swapped, { classes: 3, size }).sums, size), subCenters: 1 };
  const pictureOf = (index: number) => ({
    file: `${index}.jpg`,
    identity: index < 200 ? 'closed' : String(Math.floor((index - 200) / 3)),
  });
  const hardest = hardestPairs({ pictureOf, query, distractors });
  runPasses({ query, distractors, size }, [hardest.pass]);
  const found = findConfusions({
    pictureOf,
    classes,
    test: { ...test_, ranks, predicted },
    hardest: hardest.result(),
    judged: [{ images: swapped, standings: standings(swapped, means, size) }],
  });
  assert.ok(found);
  assert.deepEqual([found.mistaken.correct, found.mistaken.total], [3, 6]);
  assert.deepEqual(
    found.mistakes.map(({ file, predicted: as }) => [file, as]),
    [
      ['101.jpg', 'Cy'],
      ['102.jpg', 'Ann'],
      ['103.jpg', 'Ann'],
    ],
  );
  assert.deepEqual(
    found.confusedPeople.map(({ identity, predicted: as, count, files }) => [identity, as, count, files.length]),
    [
      ['Bo', 'Ann', 2, 2],
      ['Ann', 'Cy', 1, 1],
    ],
  );
  assert.deepEqual(
    found.labelSuspects.map(({ file, nearest }) => [file, nearest]),
    [['7.jpg', 'Bo']],
  );
  assert.deepEqual([found.hardestImpostors[0]?.first.file, found.hardestImpostors[0]?.second.file].sort(), [
    '200.jpg',
    '203.jpg',
  ]);
  assert.ok(
    found.hardestGenuine.slice(0, 2).every(({ first, second }) => [first.file, second.file].includes('200.jpg')),
  );
  assert.ok(found.hardestGenuine[0]!.cosine <= found.hardestGenuine[1]!.cosine);
});

test('one person under two names is suspected across parts, look-alikes and strangers are not', () => {
  const train = people(repeat(6, 5), { seed: 'train', spread: 0.4 });
  // Query's person 0 is train's person 2, under another name and in other pictures; its persons 1 and 2 are strangers.
  const random = randomStream(6, 'other pictures');
  const strangers = people([0, 0, 1, 1], { seed: 'strangers', spread: 0.4 });
  const again = normalised(
    train.units.subarray(10 * size, 15 * size).map((value) => value + 0.1 * random.normal()),
    size,
  );
  const query = {
    indexes: [...Array.from({ length: 5 }, (_, at) => 100 + at), 200, 201, 202, 203],
    labels: Int32Array.of(0, 0, 0, 0, 0, 1, 1, 2, 2),
    units: Float32Array.from([...again, ...strangers.units]),
  };
  const identityOf = (index: number) => {
    if (index < 100) return `train ${train.labels[index]}`;
    return index < 200 ? 'again' : 'stranger';
  };
  const pictureOf = (index: number) => ({ file: `${index}.jpg`, identity: identityOf(index) });
  const found = findAliases({
    size,
    pictureOf,
    parts: [
      { part: 'train', images: train },
      { part: 'query', images: query },
    ],
  });
  assert.deepEqual(
    found.map(({ first, second }) => [first.identity, first.part, second.identity, second.part]),
    [['train 2', 'train', 'again', 'query']],
  );
  assert.ok(found[0]!.cosine > found[0]!.bar && found[0]!.bar > 0.7);
  assert.deepEqual(found[0]!.second.files, ['100.jpg', '101.jpg']);
  assert.deepEqual(findAliases({ size, pictureOf, parts: [{ part: 'train', images: train }] }), []);
  assert.deepEqual(findAliases({ size, pictureOf, parts: [] }), []);
});

test('a sample takes every class before any twice, and no more than asked', () => {
  const labels = Int32Array.from(repeat(10, 9));
  const sample = sampleOfClasses({ indexes: [...labels.keys()], labels }, { perClass: 4, total: 23, seed: 1 });
  const counts = Array.from({ length: 10 }, (_, label) => sample.labels.filter((own) => own === label).length);
  assert.equal(sample.indexes.length, 23);
  assert.ok(
    counts.every((count) => count === 2 || count === 3),
    String(counts),
  );
  assert.deepEqual(
    sample.indexes.map((index) => labels[index]),
    [...sample.labels],
  );
});

test('4,000 pictures of 500 people in 128 numbers are measured within 20 seconds', () => {
  const labels = repeat(500, 8);
  const random = randomStream(9, 'large');
  const units = normalised(Float32Array.from({ length: 4000 * 128 }, random.normal), 128);
  const images: EmbeddedImages = {
    indexes: [...labels.keys()],
    labels: Int32Array.from(labels),
    units,
    norms: new Float32Array(4000).fill(1),
    ranks: new Int32Array(4000),
    predicted: new Int32Array(4000),
  };
  const started = performance.now();
  const centres = { rows: normalised(classSums(images, { classes: 500, size: 128 }).sums, 128), subCenters: 1 };
  const space = measureSpace(images, {
    size: 128,
    classes: 500,
    means: centres,
    meanImages: 4000,
    weights: centres,
    marginRadians: 0.5,
  });
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds < 20, `${seconds} s`);
  // Independent directions in 128 numbers are orthogonal.
  assert.ok(
    Math.abs((space?.geometry.between?.mean ?? 0) - 90) < 0.1 &&
      (space?.marginFree.retrieval?.precisionAt1 ?? 1) < 0.02,
  );
});
