import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weighedThreshold } from '../../src-shared/maths/peopleRate.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { cosinesOfBin } from '../../src-main/evaluate/cosinesOfBin.ts';
import { findAliases } from '../../src-main/evaluate/findAliases.ts';
import { hardestPairs } from '../../src-main/evaluate/hardestPairs.ts';
import { identifyByPeople, peopleIdentification } from '../../src-main/evaluate/identifyByPeople.ts';
import { identifyByRank, rankIdentification } from '../../src-main/evaluate/identifyByRank.ts';
import { identifyPairs, pairIdentification } from '../../src-main/evaluate/identifyPairs.ts';
import { runPasses } from '../../src-main/evaluate/pairPasses.ts';
import { binOf } from '../../src-main/evaluate/similarityBins.ts';
import { similarityRows } from '../../src-main/engine/similarityBlocks.ts';

const rates = [0.3, 0.1, 0.01];

/** Unit rows [labels, size] around a direction for each label. */
function embedded(labels: readonly number[], size: number, name: string) {
  const random = randomStream(1, name);
  const units = labels.flatMap((label) => {
    const centre = randomStream(2, name, label);
    const row = Array.from({ length: size }, () => centre.normal() + 0.7 * random.normal());
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
  return { indexes: [...labels.keys()], labels: Int32Array.from(labels), units: Float32Array.from(units) };
}

test('rows of more columns than a block holds are joined from tiles', () => {
  // 300,000 columns: 32 rows of them are more than the 4,194,304 numbers of a block
  const size = 3;
  const random = randomStream(3, 'tiles');
  const draw = (count: number) => Float32Array.from({ length: count * size }, () => random.normal());
  const few = draw(40);
  const many = draw(300_000);
  let rows = 0;
  for (const { row, similarities } of similarityRows(few, many, size)) {
    assert.equal(row, rows++);
    assert.equal(similarities.length, 300_000);
    // Every 997th column, and the last: plain sums. 1e-5: float32.
    for (const at of [...Array(300).keys()].map((place) => 997 * place).concat(299_999)) {
      const expected = [0, 1, 2].reduce((sum, place) => sum + few[row * size + place]! * many[at * size + place]!, 0);
      assert.ok(Math.abs(similarities[at]! - expected) < 1e-5, `${row} ${at}`);
    }
  }
  assert.equal(rows, 40);
});

test('measures that share their passes give the bits that each gives alone', () => {
  const size = 6;
  const people = Array.from({ length: 90 }, (_, row) => row % 11);
  const query = embedded(people, size, 'query');
  const distractors = embedded(
    Array.from({ length: 200 }, (_, row) => 11 + (row % 150)),
    size,
    'distractors',
  );
  const heldOut = { query, distractors, size, seed: 4 };
  const input = {
    query: query.units,
    queryLabels: query.labels,
    distractors: distractors.units,
    distractorLabels: distractors.labels,
    size,
    seed: 4,
  };
  const pairs = pairIdentification(input, rates);
  const byPeople = peopleIdentification(heldOut, rates);
  const ranks = rankIdentification(heldOut)!;
  const hardest = hardestPairs({ pictureOf: (at) => ({ file: `${at}`, identity: `${at}` }), query, distractors });
  runPasses(heldOut, [pairs.first, byPeople.first, ranks.pass, hardest.pass]);
  const secondOfPairs = pairs.second()!;
  const secondOfPeople = byPeople.second()!;
  runPasses(heldOut, [secondOfPairs.pass, secondOfPeople.pass]);
  assert.deepEqual(secondOfPairs.result(), identifyPairs(input, rates));
  assert.deepEqual(secondOfPeople.result(), identifyByPeople(heldOut, rates));
  assert.deepEqual(ranks.result(), identifyByRank(heldOut));
});

test('thresholds among cosines that are counted are those among cosines that are kept', () => {
  const random = randomStream(5, 'bins');
  for (const centre of [1, 0.9999, 0.7, 0.02, -0.3, -1]) {
    const near = Array.from({ length: 4000 }, () => Math.fround(centre + (random.integer(600) - 300) * 1e-7));
    const bin = binOf(near[0]!);
    const cosines = near.filter((cosine) => binOf(cosine) === bin);
    const lists = [cosines.length, 0].map((most) => cosinesOfBin(bin, cosines.length, most));
    for (const cosine of cosines) for (const list of lists) list.add(cosine, 1 / 8);
    const falling = cosines.toSorted((a, b) => b - a);
    for (const rank of [0, 1, 17, cosines.length - 1])
      for (const list of lists) assert.equal(list.at(rank), falling[rank]);
    // Weights of 1/8 add up without rounding.
    for (const allowed of [0, 1, 30.5, cosines.length / 8]) {
      const heavier = { weight: 2, count: 5 };
      const given = { similarities: Float32Array.from(cosines), weights: new Float64Array(cosines.length).fill(1 / 8) };
      const { threshold } = weighedThreshold(given, allowed, heavier);
      for (const list of lists) assert.equal(list.threshold(allowed, heavier).threshold, threshold);
      const above = 5 + cosines.filter((cosine) => cosine > threshold).length;
      assert.equal(lists[1]!.threshold(allowed, heavier).above, above);
    }
  }
});

test('of too many people, those with the most pictures are compared for double names', () => {
  // 0 and 1 are one person with three pictures each; 2 and 3 are another one with two each; the others have one.
  const size = 16;
  const labels = [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6];
  const own = embedded(
    labels.map((label) => (label < 4 ? Math.floor(label / 2) : label)),
    size,
    'aliases',
  );
  const found = (mostCompared?: number) =>
    findAliases({
      size,
      pictureOf: (index) => ({ file: `${index}.jpg`, identity: `${labels[index]}` }),
      parts: [{ part: 'query', images: { ...own, labels: Int32Array.from(labels) } }],
      ...(mostCompared !== undefined && { mostCompared }),
    })
      .map(({ first, second }) => `${first.identity} ${second.identity}`)
      .sort();
  assert.deepEqual(found(), ['0 1', '2 3']);
  assert.deepEqual(found(4), ['0 1', '2 3']);
  assert.deepEqual(found(3), ['0 1']);
});
