import { buildPairs } from '../../src-main/evaluate/buildPairs.ts';
import { identifyByPeople } from '../../src-main/evaluate/identifyByPeople.ts';
import { identifyPairs } from '../../src-main/evaluate/identifyPairs.ts';
import { verifyPairs } from '../../src-main/evaluate/verifyPairs.ts';
import type { IdentificationRate } from '../../src-shared/maths/identificationRate.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import { fewestNegatives } from '../../src-shared/primaryRate.ts';
import { wilsonInterval, type Interval } from '../../src-shared/maths/statistics.ts';

const size = 16; // numbers in an embedding
/** How much people differ in how alike their pictures are: the standard deviation of the logarithm of their noise. */
const differenceOfPeople = 0.3;
const falsePositiveRates = [0.1, 0.01, 0.001];
const fewestImages = 2;
const mostImages = 10;

export interface CoverageOptions {
  readonly people: number;
  readonly distractors: number;
  /** How far pictures of a person lie apart; 1: as far as people do. */
  readonly noise: number;
  readonly repetitions: number;
  readonly seed: number;
  /** The first repetition, from 0: samples that are counted in parts are those of one go. */
  readonly first?: number;
}

/** How often the interval of a number held its true value. */
export interface Coverage {
  readonly name: string;
  /** What has equal weight in the number. */
  readonly weights: 'pairs' | 'people';
  readonly truth: number;
  readonly held: number;
  /** How often Wilson's interval over pairs would have held it; null for numbers that are no share of pairs. */
  readonly wilsonHeld: number | null;
  readonly repetitions: number;
}

/** A population of people: embeddings of their pictures are drawn around a centre, nearer for some than for others. */
function population({ noise }: Pick<CoverageOptions, 'noise'>, random: RandomStream) {
  const person = () => ({
    centre: Float64Array.from({ length: size }, () => random.normal()),
    noise: noise * Math.exp(differenceOfPeople * random.normal()),
    images: fewestImages + random.integer(mostImages - fewestImages + 1),
  });
  const image = ({ centre, noise: own }: ReturnType<typeof person>): Float32Array => {
    const values = Float32Array.from(centre, (value) => value + own * random.normal());
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  return { person, image };
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);

interface Truth {
  /** By the weights of pairs, and of people. */
  readonly rates: readonly number[];
  readonly ratesOfPeople: readonly number[];
  readonly accuracy: number;
  readonly areaUnderCurve: number;
  readonly equalErrorRate: number;
}

type TruthOptions = Pick<CoverageOptions, 'noise' | 'seed'> & { readonly draws?: number };

/** The values that a sample of endless people would have, from independent pairs. */
export function truthOf({ draws = 1_000_000, ...options }: TruthOptions): Truth {
  const { person, image } = population(options, randomStream(options.seed, 'truth', options.noise));
  const impostors = new Float32Array(draws);
  const genuine = new Float32Array(draws);
  const pairsOfPerson = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    const one = person();
    impostors[draw] = cosine(image(one), image(person()));
    genuine[draw] = cosine(image(one), image(one));
    pairsOfPerson[draw] = (one.images * (one.images - 1)) / 2;
  }
  const falling = impostors.sort().reverse();
  const order = [...genuine.keys()].sort((a, b) => genuine[b]! - genuine[a]!);
  const all = pairsOfPerson.reduce((sum, pairs) => sum + pairs, 0);
  // Down the genuine pairs: the shares of both kinds that are above.
  let above = 0;
  let aboveOfPeople = 0;
  let rank = 0;
  const none = falsePositiveRates.map(() => 0);
  const truth = { rates: [...none], ratesOfPeople: [...none], accuracy: 0, areaUnderCurve: 0, equalErrorRate: 1 };
  for (const draw of order) {
    while (rank < draws && falling[rank]! > genuine[draw]!) rank++;
    const share = pairsOfPerson[draw]! / all;
    above += share;
    aboveOfPeople += 1 / draws;
    const falsePositives = rank / draws;
    falsePositiveRates.forEach((rate, place) => {
      if (falsePositives > rate) return;
      truth.rates[place] = above;
      truth.ratesOfPeople[place] = aboveOfPeople;
    });
    truth.accuracy = Math.max(truth.accuracy, (above + 1 - falsePositives) / 2);
    truth.areaUnderCurve += share * (1 - falsePositives);
    truth.equalErrorRate = Math.min(truth.equalErrorRate, Math.max(falsePositives, 1 - above));
  }
  return truth;
}

/** Draws people, judges them as a run is judged, and counts how often each interval holds the true value. */
export function intervalCoverage(options: CoverageOptions, truth = truthOf(options)): Coverage[] {
  const counts = new Map<string, Coverage>();
  const count = (
    { name, weights, truth: value }: Pick<Coverage, 'name' | 'weights' | 'truth'>,
    [interval, wilson]: readonly [Interval, Interval | null],
  ) => {
    const holds = ({ low, high }: Interval) => (value >= low && value <= high ? 1 : 0);
    const key = `${name} ${weights}`;
    const before = counts.get(key) ?? { held: 0, wilsonHeld: wilson ? 0 : null, repetitions: 0 };
    counts.set(key, {
      name,
      weights,
      truth: value,
      held: before.held + holds(interval),
      wilsonHeld: wilson ? (before.wilsonHeld ?? 0) + holds(wilson) : null,
      repetitions: before.repetitions + 1,
    });
  };
  const countRates = (name: string, weights: Coverage['weights'], rates: readonly IdentificationRate[]) =>
    rates.forEach((rate, place) => {
      const value = (weights === 'pairs' ? truth.rates : truth.ratesOfPeople)[place]!;
      const wilson =
        weights === 'pairs' ? wilsonInterval(Math.round(rate.truePositiveRate * rate.positives), rate.positives) : null;
      if (rate.allowedFalsePositives >= fewestNegatives)
        count({ name: `${name} ${rate.falsePositiveRate}`, weights, truth: value }, [rate.interval, wilson]);
    });
  const first = options.first ?? 0;
  for (let repetition = first; repetition < first + options.repetitions; repetition++) {
    const { identification, byPeople, verification } = judgedSample(options, repetition);
    countRates('TPR at FPR', 'pairs', identification.rates);
    countRates('TPR at FPR', 'people', byPeople.rates);
    const intervals = verification.intervals!;
    const ofPairs = (name: string, value: number, interval: Interval) =>
      count({ name, weights: 'pairs', truth: value }, [interval, null]);
    ofPairs('verification accuracy', truth.accuracy, intervals.accuracy);
    ofPairs('verification AUC', truth.areaUnderCurve, intervals.areaUnderCurve);
    ofPairs('verification EER', truth.equalErrorRate, intervals.equalErrorRate);
    countRates('TAR at FAR', 'pairs', verification.rates);
    countRates('TAR at FAR', 'people', verification.byPeople!.rates);
  }
  return [...counts.values()];
}

/** Counts of samples that were drawn in parts, added up. */
export function addCoverage(before: readonly Coverage[], more: readonly Coverage[]): Coverage[] {
  const keyOf = ({ name, weights }: Coverage) => `${name} ${weights}`;
  const known = new Map(before.map((entry) => [keyOf(entry), entry]));
  for (const entry of more) {
    const other = known.get(keyOf(entry));
    known.set(
      keyOf(entry),
      other
        ? {
            ...entry,
            held: other.held + entry.held,
            wilsonHeld: entry.wilsonHeld === null ? null : (other.wilsonHeld ?? 0) + entry.wilsonHeld,
            repetitions: other.repetitions + entry.repetitions,
          }
        : entry,
    );
  }
  return [...known.values()];
}

function judgedSample(options: CoverageOptions, repetition: number) {
  const { person, image } = population(options, randomStream(options.seed, 'sample', options.noise, repetition));
  const labels: number[] = [];
  const rows: Float32Array[] = [];
  for (let label = 0; label < options.people; label++) {
    const own = person();
    for (let picture = 0; picture < own.images; picture++) {
      labels.push(label);
      rows.push(image(own));
    }
  }
  const strangers = Array.from({ length: options.distractors }, () => image(person()));
  const joined = (units: readonly Float32Array[]) => {
    const values = new Float32Array(units.length * size);
    units.forEach((unit, row) => values.set(unit, row * size));
    return values;
  };
  const identification = identifyPairs(
    {
      query: joined(rows),
      queryLabels: Int32Array.from(labels),
      distractors: joined(strangers),
      size,
      seed: repetition,
    },
    falsePositiveRates,
  );
  const labelsOfPeople = Int32Array.from(labels);
  const byPeople = identifyByPeople(
    {
      query: { units: joined(rows), labels: labelsOfPeople },
      distractors: {
        units: joined(strangers),
        labels: Int32Array.from(strangers.keys(), (row) => options.people + row),
      },
      size,
      seed: repetition,
    },
    falsePositiveRates,
  );
  const verification = verifyPairs({
    pairs: buildPairs([...rows.keys()], labels, repetition),
    source: 'built',
    weights: 'pairs',
    listed: 0,
    falseAcceptanceRates: falsePositiveRates,
    unitOf: (index) => rows[index]!,
    identityOf: (index) => String(labels[index]),
    seed: repetition,
  });
  if (!identification || !byPeople || !verification) throw new Error('The sample has no pairs.');
  return { identification, byPeople, verification };
}
