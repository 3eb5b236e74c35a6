import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Evaluation } from '../../../../src-shared/evaluation.ts';
import { splitSeedOf } from '../../../../src-shared/experiment.ts';
import { identificationRates, type IdentificationRate } from '../../../../src-shared/maths/identificationRate.ts';
import { peopleRates } from '../../../../src-shared/maths/peopleRate.ts';
import { textOfCell } from '../../../../src-shared/textCell.ts';
import { buildPairs } from '../../../evaluate/buildPairs.ts';
import { verifyPairs } from '../../../evaluate/verifyPairs.ts';
import { readNpy } from '../../../files/npyFile.ts';
import type { ReportModel, ReportRun } from '../../../report/reportModel.ts';
import { bundleNames } from './bundleNames.ts';

/** A judged number as it was recorded, and as it was computed again. */
export interface ComparedNumber {
  readonly name: string;
  readonly recorded: number;
  readonly computed: number;
  /** By how much they may differ: cosines of float32 rows are summed in another order. */
  readonly tolerance: number;
}

/** What was computed again, and what was not, each with its reason in a sentence. */
export interface RecomputedRun {
  readonly numbers: readonly ComparedNumber[];
  readonly leftOut: readonly string[];
}

const mostProducts = 3e10; // multiplications of all pairs, which take about a minute
const mostPairs = 2e7; // whose similarities are sorted in memory

interface Embedded {
  readonly units: Float32Array;
  readonly identities: readonly string[];
}

/**
 * Computes the judged numbers of a run again, from the person that it sees in each test picture and from the embeddings
 * of query and distractors. Only these need neither pictures nor weights. Throws where a file cannot be read.
 */
export function recomputeRun(folder: string, { plan }: Pick<ReportModel, 'plan'>, run: ReportRun): RecomputedRun {
  const evaluation = run.summary?.evaluation as Evaluation | null;
  if (!evaluation) return { numbers: [], leftOut: [] };
  const ofTest = testAccuracy(evaluation, run);
  const held = heldOut(join(folder, bundleNames.runs, run.id));
  const rows = held.query.identities.length;
  const pairs = (rows * (rows - 1)) / 2 + rows * held.distractors.identities.length;
  if (pairs > mostPairs || pairs * held.size > mostProducts)
    return {
      numbers: ofTest,
      leftOut: [
        `Identification and verification rest on ${pairs.toLocaleString('en')} pairs, too many to compute again here.`,
      ],
    };
  const ofPairs = [
    ...identification(evaluation, held),
    ...verification(evaluation, { ...held, seed: splitSeedOf(plan.split, run.seed) }),
  ];
  const isListed = evaluation.verification && evaluation.verification.source !== 'built';
  return {
    numbers: [...ofTest, ...ofPairs],
    leftOut: isListed ? ['Verification rests on a list of pairs, which the bundle does not hold.'] : [],
  };
}

function testAccuracy({ accuracy }: Evaluation, { predictions }: ReportRun): ComparedNumber[] {
  if (!accuracy.test || !predictions) return [];
  const right = predictions.predicted.filter((person, at) => person === predictions.labels[at]).length;
  const computed = right / predictions.predicted.length;
  return [{ name: 'test accuracy', recorded: accuracy.test.top1.value, computed, tolerance: 1e-12 }];
}

/** The embeddings of query and of distractors, with whose each is. */
function heldOut(folder: string): { readonly size: number; readonly query: Embedded; readonly distractors: Embedded } {
  const { values, size } = readNpy(join(folder, bundleNames.embeddings));
  const lines = readFileSync(join(folder, bundleNames.labels), 'utf8').replace(/\n$/, '').split('\n').slice(1);
  const rows = lines.map((line) => line.split('\t').map(textOfCell));
  if (rows.length * size !== values.length)
    throw new Error(`its embeddings have ${values.length / size} rows, and its labels name ${rows.length}`);
  const partOf = (part: string): Embedded => {
    const own = [...rows.keys()].filter((row) => rows[row]![1] === part);
    const units = new Float32Array(own.length * size);
    own.forEach((row, at) => units.set(values.subarray(row * size, (row + 1) * size), at * size));
    return { units, identities: own.map((row) => rows[row]![0]!) };
  };
  return { size, query: partOf('query'), distractors: partOf('distractors') };
}

interface HeldOut {
  readonly size: number;
  readonly query: Embedded;
  readonly distractors: Embedded;
}

/** TPR and thresholds of identification, with equal weight for pairs and for people. */
function identification({ identification: recorded }: Evaluation, held: HeldOut): ComparedNumber[] {
  if (!recorded) return [];
  const { positives, negatives } = comparedPairs(held);
  const fprs = recorded.rates.map(({ falsePositiveRate }) => falsePositiveRate);
  return [
    ...comparedRates(
      'pairs',
      recorded.rates,
      identificationRates(positives.similarities, negatives.similarities, fprs),
    ),
    ...(recorded.byPeople
      ? comparedRates('people', recorded.byPeople.rates, peopleRates(positives, negatives, fprs))
      : []),
  ];
}

function comparedRates(
  weights: string,
  recorded: readonly IdentificationRate[],
  computed: readonly IdentificationRate[],
): ComparedNumber[] {
  return recorded.flatMap((rate, at) => {
    const again = computed[at]!;
    if (!rate.carried) return [];
    const name = `at FPR ${rate.falsePositiveRate}, equal ${weights}`;
    // A pair whose similarity is that of the threshold may fall on either side.
    const onePair = 1.5 / Math.max(1, Math.min(rate.positives, 1e4));
    return [
      { name: `threshold ${name}`, recorded: rate.threshold, computed: again.threshold, tolerance: 1e-5 },
      { name: `TPR ${name}`, recorded: rate.truePositiveRate, computed: again.truePositiveRate, tolerance: onePair },
    ];
  });
}

/** Cosines of all pairs of query, and of query with distractors; a negative pair weighs 1 / (n m) of its people. */
function comparedPairs({ size, query, distractors }: HeldOut) {
  const identities = [...query.identities, ...distractors.identities];
  const units = new Float32Array(identities.length * size);
  units.set(query.units);
  units.set(distractors.units, query.units.length);
  const people = new Map([...new Set(identities)].map((identity, number) => [identity, number]));
  const personOf = Int32Array.from(identities, (identity) => people.get(identity)!);
  const counts = new Int32Array(people.size);
  for (const person of personOf) counts[person]!++;
  const rows = query.identities.length;
  const pairs = (rows * (rows - 1)) / 2 + rows * distractors.identities.length;
  const own = { similarities: new Float32Array(pairs), people: new Int32Array(pairs) };
  const others = { similarities: new Float32Array(pairs), weights: new Float64Array(pairs) };
  let genuine = 0;
  let impostors = 0;
  for (let row = 0; row < rows; row++) {
    const person = personOf[row]!;
    for (let other = row + 1; other < identities.length; other++) {
      let cosine = 0;
      for (let at = 0; at < size; at++) cosine += units[row * size + at]! * units[other * size + at]!;
      if (personOf[other] === person) {
        own.similarities[genuine] = cosine;
        own.people[genuine++] = person;
      } else {
        others.similarities[impostors] = cosine;
        others.weights[impostors++] = 1 / (counts[person]! * counts[personOf[other]!]!);
      }
    }
  }
  return {
    positives: { similarities: own.similarities.slice(0, genuine), people: own.people.slice(0, genuine) },
    negatives: { similarities: others.similarities.slice(0, impostors), weights: others.weights.slice(0, impostors) },
  };
}

/** Verification over pairs that are drawn from held-out people; those of a list need the list. */
function verification(
  { verification: recorded }: Evaluation,
  { size, query, distractors, seed }: HeldOut & { readonly seed: number },
): ComparedNumber[] {
  if (recorded?.source !== 'built') return [];
  const identities = [...query.identities, ...distractors.identities];
  const units = [query, distractors].flatMap((part) =>
    part.identities.map((_, row) => part.units.subarray(row * size, (row + 1) * size)),
  );
  const numbers = new Map([...new Set(identities)].map((identity, number) => [identity, number]));
  const labels = identities.map((identity) => numbers.get(identity)!);
  const computed = verifyPairs({
    pairs: buildPairs([...identities.keys()], labels, seed),
    source: 'built',
    weights: recorded.weights ?? 'pairs',
    listed: recorded.listed,
    falseAcceptanceRates: recorded.rates.map(({ falsePositiveRate }) => falsePositiveRate),
    unitOf: (row) => units[row]!,
    identityOf: (row) => identities[row]!,
    seed,
  });
  if (!computed) return [];
  const onePair = 1.5 / (recorded.genuine + recorded.impostors);
  const number = (name: string, own: number, again: number): ComparedNumber => ({
    name,
    recorded: own,
    computed: again,
    tolerance: onePair,
  });
  return [
    number('verification accuracy', recorded.accuracy.mean, computed.accuracy.mean),
    number('area under the ROC curve', recorded.areaUnderCurve, computed.areaUnderCurve),
    number('equal error rate', recorded.equalErrorRate, computed.equalErrorRate),
  ];
}
