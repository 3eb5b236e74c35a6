import { buildPairs } from '../../src-main/evaluate/buildPairs.ts';
import { identifyPairs } from '../../src-main/evaluate/identifyPairs.ts';
import { verifyPairs } from '../../src-main/evaluate/verifyPairs.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
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
}

/** How often the interval of a number held its true value. */
export interface Coverage {
  readonly name: string;
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
  readonly rates: readonly number[];
  readonly accuracy: number;
  readonly areaUnderCurve: number;
  readonly equalErrorRate: number;
}

type TruthOptions = Pick<CoverageOptions, 'noise' | 'seed'> & { readonly draws?: number };

/** The values that a sample of endless people would have, from independent pairs. */
export function truthOf({ draws = 400_000, ...options }: TruthOptions): Truth {
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
  let rank = 0;
  const truth = { rates: falsePositiveRates.map(() => 0), accuracy: 0, areaUnderCurve: 0, equalErrorRate: 1 };
  for (const draw of order) {
    while (rank < draws && falling[rank]! > genuine[draw]!) rank++;
    const share = pairsOfPerson[draw]! / all;
    above += share;
    const falsePositives = rank / draws;
    falsePositiveRates.forEach((rate, place) => {
      if (falsePositives <= rate) truth.rates[place] = above;
    });
    truth.accuracy = Math.max(truth.accuracy, (above + 1 - falsePositives) / 2);
    truth.areaUnderCurve += share * (1 - falsePositives);
    truth.equalErrorRate = Math.min(truth.equalErrorRate, Math.max(falsePositives, 1 - above));
  }
  return truth;
}

/** Draws people, judges them as a run is judged, and counts how often each interval holds the true value. */
export function intervalCoverage(options: CoverageOptions, truth = truthOf(options)): Coverage[] {
  const counts = new Map<string, Omit<Coverage, 'name'>>();
  const count = (name: string, value: number, [interval, wilson]: readonly [Interval, Interval | null]) => {
    const holds = ({ low, high }: Interval) => (value >= low && value <= high ? 1 : 0);
    const before = counts.get(name) ?? { truth: value, held: 0, wilsonHeld: wilson ? 0 : null, repetitions: 0 };
    counts.set(name, {
      truth: value,
      held: before.held + holds(interval),
      wilsonHeld: wilson ? (before.wilsonHeld ?? 0) + holds(wilson) : null,
      repetitions: before.repetitions + 1,
    });
  };
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    const { identification, verification } = judgedSample(options, repetition);
    identification.rates.forEach((rate, place) => {
      const wilson = wilsonInterval(Math.round(rate.truePositiveRate * rate.positives), rate.positives);
      if (rate.allowedFalsePositives >= 30)
        count(`TPR at FPR ${rate.falsePositiveRate}`, truth.rates[place]!, [rate.interval, wilson]);
    });
    const intervals = verification.intervals!;
    count('verification accuracy', truth.accuracy, [intervals.accuracy, null]);
    count('verification AUC', truth.areaUnderCurve, [intervals.areaUnderCurve, null]);
    count('verification EER', truth.equalErrorRate, [intervals.equalErrorRate, null]);
    verification.rates.forEach((rate, place) => {
      const wilson = wilsonInterval(Math.round(rate.truePositiveRate * rate.positives), rate.positives);
      if (rate.allowedFalsePositives >= 30)
        count(`TAR at FAR ${rate.falsePositiveRate}`, truth.rates[place]!, [rate.interval, wilson]);
    });
  }
  return [...counts].map(([name, entry]) => ({ name, ...entry }));
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
  if (!identification || !verification) throw new Error('The sample has no pairs.');
  return { identification, verification };
}
