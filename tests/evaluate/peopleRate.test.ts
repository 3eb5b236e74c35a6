import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomStream } from '../../src-shared/maths/random.ts';
import { identifyByPeople } from '../../src-main/evaluate/identifyByPeople.ts';
import { verifyPairs } from '../../src-main/evaluate/verifyPairs.ts';

const size = 6;
const rates = [0.5, 0.2, 0.1, 0.05, 0.01];

/** Pictures of people: each person has a direction, and each picture is near it. */
function embedded(pictures: readonly number[], label: string) {
  const random = randomStream(3, label);
  const labels = pictures.flatMap((count, person) => Array.from({ length: count }, () => person));
  const centres = pictures.map(() => Array.from({ length: size }, () => random.normal()));
  const units = labels.flatMap((person) => {
    const row = centres[person]!.map((value) => value + 0.8 * random.normal());
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
  return { units: Float32Array.from(units), labels: Int32Array.from(labels) };
}

/** The weighted rates by their definition: every pair in a list with its weight, nothing binned. */
function byDefinition(query: ReturnType<typeof embedded>, distractors: ReturnType<typeof embedded>) {
  const cosine = (a: Float32Array, i: number, b: Float32Array, j: number) =>
    Array.from({ length: size }, (_, at) => a[i * size + at]! * b[j * size + at]!).reduce((sum, value) => sum + value);
  const count = (labels: Int32Array, person: number) => labels.filter((label) => label === person).length;
  const negatives: { similarity: number; weight: number }[] = [];
  const own = new Map<number, number[]>();
  for (let i = 0; i < query.labels.length; i++) {
    const person = query.labels[i]!;
    for (let j = i + 1; j < query.labels.length; j++) {
      const similarity = cosine(query.units, i, query.units, j);
      const other = query.labels[j]!;
      if (other === person) own.set(person, [...(own.get(person) ?? []), similarity]);
      else negatives.push({ similarity, weight: 1 / (count(query.labels, person) * count(query.labels, other)) });
    }
    for (let j = 0; j < distractors.labels.length; j++) {
      const weight = 1 / (count(query.labels, person) * count(distractors.labels, distractors.labels[j]!));
      negatives.push({ similarity: cosine(query.units, i, distractors.units, j), weight });
    }
  }
  negatives.sort((a, b) => b.similarity - a.similarity);
  const whole = negatives.reduce((sum, { weight }) => sum + weight, 0);
  return rates.map((rate) => {
    let passed = 0;
    const threshold = negatives.find(({ weight }) => (passed += weight) > rate * whole * (1 + 1e-9))!.similarity;
    const shares = [...own.values()].map((pairs) => pairs.filter((pair) => pair > threshold).length / pairs.length);
    return { threshold, rate: shares.reduce((sum, share) => sum + share, 0) / shares.length };
  });
}

test('rates that weigh people equally are those of their definition, over every pair with its weight', () => {
  const query = embedded([60, 6, 6, 5, 4, 1], 'query');
  const distractors = embedded([3, 1, 1, 8, 1, 1, 1], 'distractors');
  const found = identifyByPeople({ query, distractors, size, seed: 1 }, rates);
  byDefinition(query, distractors).forEach(({ threshold, rate }, place) => {
    assert.ok(Math.abs(found!.rates[place]!.threshold - threshold) < 1e-6, `${rates[place]}`); // float32
    assert.ok(Math.abs(found!.rates[place]!.truePositiveRate - rate) < 1e-12, `${rates[place]}`);
  });
  // 60 pictures are 1,770 of 1,816 positive pairs.
  assert.equal(found!.largest.images, 60);
  assert.ok(Math.abs(found!.largest.positiveShare - 1770 / 1816) < 1e-12);
  const { interval, truePositiveRate } = found!.rates[1]!;
  assert.ok(interval.low < truePositiveRate && truePositiveRate < interval.high);
});

test('one person with many pictures moves the rate over pairs and not the rate over people', () => {
  // Two directions: the large person lies apart from everybody; the others are hard to tell apart.
  const flat = (angles: readonly number[]) =>
    Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]));
  const others = [0, 1, 2, 3].flatMap((person) => [0.1 * person, 0.1 * person + 0.35]);
  const rateOf = (large: number) => {
    const labels = Int32Array.from(
      [...others.keys()].map((place) => Math.floor(place / 2)).concat(Array(large).fill(4)),
    );
    const units = flat([...others, ...Array.from({ length: large }, (_, at) => 3 + 0.001 * at)]);
    const none = { units: new Float32Array(0), labels: new Int32Array(0) };
    return identifyByPeople({ query: { units, labels }, distractors: none, size: 2, seed: 1 }, [0.1])!;
  };
  assert.equal(rateOf(2).rates[0]!.truePositiveRate, rateOf(80).rates[0]!.truePositiveRate);
  assert.ok(rateOf(80).largest.positiveShare > 0.99);
});

test('without a pair of each kind there is no rate', () => {
  const one = { units: Float32Array.of(1, 0), labels: Int32Array.of(0) };
  const none = { units: new Float32Array(0), labels: new Int32Array(0) };
  assert.equal(identifyByPeople({ query: one, distractors: none, size: 2, seed: 1 }, [0.5]), null);
  assert.equal(identifyByPeople({ query: none, distractors: one, size: 2, seed: 1 }, [0.5]), null);
});

test('built verification pairs have rates by people, those of a file do not', () => {
  const angles = [0, 0.1, 1, 1.6, 2, 2.1, 2.2];
  const people = ['ann', 'ann', 'bob', 'bob', 'cleo', 'cleo', 'cleo'];
  const pairs = angles.flatMap((_, first) =>
    angles
      .map((_angle, second) => ({ first, second, same: people[first] === people[second], fold: first % 2 }))
      .slice(first + 1),
  );
  const verify = (source: 'built' | 'file') =>
    verifyPairs({
      pairs,
      source,
      weights: 'people',
      seed: 1,
      listed: pairs.length,
      falseAcceptanceRates: [0.2],
      unitOf: (index) => Float32Array.of(Math.cos(angles[index]!), Math.sin(angles[index]!)),
      identityOf: (index) => people[index]!,
    });
  // Impostors by people: bob and cleo 6 pairs, ann and cleo 6, ann and bob 4; each pair of people weighs 1 of 3. 0.2
  // of 3 lets through three pairs of bob and cleo (0.4, 0.5, 0.6 apart) at 1/6 each; the threshold is the fourth, 0.9
  // apart (1 - 0.1), at 1/4, and lies below ann's and cleo's pairs, and bob's, 0.6 apart.
  assert.deepEqual(verify('built')?.byPeople?.rates[0]?.truePositiveRate, 1);
  assert.equal(verify('built')?.byPeople?.rates[0]?.allowedFalsePositives, 3);
  assert.equal(verify('file')?.byPeople, undefined);
});
