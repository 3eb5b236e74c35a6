import { parseArgs } from 'node:util';
import {
  compareArms,
  mayStop,
  type ComparedMetric,
  type ComparedPair,
  type Comparison,
} from '../../src-shared/comparison.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';

/**
 * Simulates what the verdict of a report promises: coverage of its intervals, false claims, power with each further
 * seed, the number of further seeds that it names, and the comparison that stops by itself. Prints Markdown tables.
 */
const { values } = parseArgs({ options: { trials: { type: 'string', default: '4000' } } });
const trials = Number(values.trials);
/** Trials with intervals by bootstrap, each of which draws 10,000 samples. */
const slowTrials = Math.ceil(trials / 4);

const metricOf = (key: string): ComparedMetric => ({ key, title: key, unit: 'share', better: 'higher', primary: true });

function lognormal(random: RandomStream): number {
  const sigma = 0.7;
  const mean = Math.exp(sigma ** 2 / 2);
  return (Math.exp(sigma * random.normal()) - mean) / (mean * Math.sqrt(Math.exp(sigma ** 2) - 1));
}

/** The difference of a pair without an effect, with mean 0 and, collapses apart, a standard deviation of 1. */
const noises = {
  normal: (random: RandomStream) => random.normal(),
  /** The runs of both arms are skewed alike, so that their difference is symmetric. */
  'skewed runs': (random: RandomStream) => (lognormal(random) - lognormal(random)) / Math.SQRT2,
  /** One run in 24 collapses, in either arm. */
  collapses: (random: RandomStream) => {
    const draw = random.next();
    if (draw < 1 / 24) return -10;
    return draw < 1 / 12 ? 10 : random.normal();
  },
  /** One arm alone is skewed: arms that differ in more than their mean. */
  'skewed differences': lognormal,
} as const;
/** Without an effect the arms could be exchanged: what false claims are promised for. */
const exchangeable: readonly Noise[] = ['normal', 'skewed runs', 'collapses'];
type Noise = keyof typeof noises;

interface Draw {
  readonly pairs: number;
  readonly effect: number;
  readonly noise?: Noise;
  readonly metrics?: number;
}

/** Differences of each metric; a unit of them is a percentage point. */
function differencesOf(random: RandomStream, { pairs, effect, noise = 'normal', metrics = 1 }: Draw): number[][] {
  return Array.from({ length: metrics }, () => Array.from({ length: pairs }, () => effect + noises[noise](random)));
}

function compare(
  differences: readonly (readonly number[])[],
  stopping?: { atMost: number; equalWithin: number },
): Comparison {
  const keys = differences.map((_, at) => `metric ${at + 1}`);
  const pairs = differences[0]?.length ?? 0;
  const runs = (name: string, value: (metric: number, pair: number) => number) =>
    Array.from({ length: pairs }, (_, pair) => ({
      id: `${name} ${pair}`,
      seed: pair,
      values: Object.fromEntries(keys.map((key, metric) => [key, value(metric, pair)])),
    }));
  return compareArms(
    keys.map(metricOf),
    [
      { name: 'base', runs: runs('base', () => 0) },
      { name: 'arm', runs: runs('arm', (metric, pair) => (differences[metric]?.[pair] ?? 0) / 100) },
    ],
    stopping,
  );
}

/** The share of trials in which something holds, over seeded draws. */
function shareOf(name: string, draw: Draw, holds: (pairs: readonly ComparedPair[]) => boolean): number {
  const count = draw.pairs >= 12 ? slowTrials : trials;
  const random = randomStream(18, name, JSON.stringify(draw));
  let held = 0;
  for (let trial = 0; trial < count; trial++) if (holds(compare(differencesOf(random, draw)).pairs)) held++;
  return held / count;
}

/** Three standard errors of a share of 5 %. */
const tolerance = (count: number) => 3 * Math.sqrt((0.05 * 0.95) / count);

function expect(holds: boolean, message: string): void {
  if (holds) return;
  console.error(`Not as promised: ${message}.`);
  process.exitCode = 1;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
function print(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  console.log([`\n${title}\n`, line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n'));
}

const sizes = [3, 5, 8, 11, 12, 20];

function coverage(): void {
  const covers = (pairs: readonly ComparedPair[]) => {
    const interval = pairs[0]?.interval;
    return interval !== null && interval !== undefined && interval.low <= 0.01 && interval.high >= 0.01;
  };
  print(
    'Coverage of the 95 % interval of a difference (true difference 1 point, standard deviation 1)',
    ['pairs', ...Object.keys(noises)],
    sizes.map((pairs) => [
      String(pairs),
      ...(Object.keys(noises) as Noise[]).map((noise) =>
        percent(shareOf('coverage', { pairs, effect: 1, noise }, covers)),
      ),
    ]),
  );
}

const isClaim = ({ verdict }: ComparedPair) => verdict === 'better' || verdict === 'worse';

function falseClaims(): void {
  const shareAt = (pairs: number, noise: Noise) => {
    const share = shareOf('false', { pairs, effect: 0, noise, metrics: 2 }, (all) => all.some(isClaim));
    if (exchangeable.includes(noise))
      expect(share <= 0.05 + tolerance(pairs >= 12 ? slowTrials : trials), `${pairs} pairs, ${noise}: false claims`);
    return share;
  };
  print(
    'False claims without an effect, two primary metrics',
    ['pairs', ...Object.keys(noises)],
    sizes.map((pairs) => [
      String(pairs),
      ...(Object.keys(noises) as Noise[]).map((noise) => percent(shareAt(pairs, noise))),
    ]),
  );
}

function power(): void {
  const effects = [0.5, 1, 1.5];
  const all = Array.from({ length: 13 }, (_, at) => at + 3);
  const found = new Map(
    effects.map((effect) => [
      effect,
      all.map((pairs) => shareOf('power', { pairs, effect }, ([pair]) => pair !== undefined && isClaim(pair))),
    ]),
  );
  print(
    'Power with each further pair (one comparison, normal differences)',
    ['pairs', ...effects.map((effect) => `effect ${effect} sd`)],
    all.map((pairs, at) => [String(pairs), ...effects.map((effect) => percent(found.get(effect)?.[at] ?? 0))]),
  );
  const allowed = 2 * Math.sqrt(0.5 / slowTrials); // two standard errors of a difference of two shares
  const falls = effects.flatMap((effect) =>
    (found.get(effect) ?? []).flatMap((share, at, shares) =>
      at > 0 && share < (shares[at - 1] ?? 0) - allowed ? [`effect ${effect}, ${all[at]} pairs`] : [],
    ),
  );
  const sentence = falls.length === 0 ? 'Power never falls' : `Power falls at ${falls.join('; ')}`;
  console.log(`\n${sentence} (allowed: ${percent(allowed)}).`);
  expect(falls.length === 0, 'power falls with a further pair');
}

function furtherSeeds(): void {
  const names = (pairs: readonly ComparedPair[]) => pairs[0]?.moreSeeds !== null;
  print(
    'How often a number of further seeds is named',
    ['pairs', 'no effect', 'effect 0.5 sd', 'effect 1 sd'],
    [3, 5, 10].map((pairs) => [
      String(pairs),
      ...[0, 0.5, 1].map((effect) => percent(shareOf('further', { pairs, effect }, names))),
    ]),
  );
}

interface Duel {
  readonly effect: number;
  readonly equalWithin: number;
  readonly noise?: Noise;
}

/** One duel, seed by seed, until it may stop. */
function duel(random: RandomStream, { effect, equalWithin, noise = 'normal' }: Duel, atMost: number) {
  const drawn = differencesOf(random, { pairs: atMost, effect, noise });
  for (let pairs = 5; ; pairs++) {
    const comparison = compare(
      drawn.map((metric) => metric.slice(0, pairs)),
      { atMost, equalWithin },
    );
    if (pairs === atMost || mayStop(comparison)) return { pairs, verdict: comparison.pairs[0]?.verdict };
  }
}

function stopping(): void {
  const atMost = 10;
  const duels: readonly Duel[] = [
    { effect: 0, equalWithin: 0.2 },
    { effect: 0, equalWithin: 1 },
    { effect: 0, equalWithin: 2 },
    { effect: 0, equalWithin: 0.2, noise: 'skewed runs' },
    { effect: 0, equalWithin: 0.2, noise: 'collapses' },
    { effect: 1, equalWithin: 1 },
    { effect: 2, equalWithin: 2 },
    { effect: 0.5, equalWithin: 0.2 },
    { effect: 1, equalWithin: 0.2 },
    { effect: 2, equalWithin: 0.2 },
    { effect: 3, equalWithin: 0.2 },
    { effect: 5, equalWithin: 0.2 },
  ];
  const found = duels.map((setting) => {
    const random = randomStream(18, 'stopping', JSON.stringify(setting));
    const ends = Array.from({ length: trials }, () => duel(random, setting, atMost));
    const share = (verdict: ComparedPair['verdict']) => ends.filter((end) => end.verdict === verdict).length / trials;
    const seeds = ends.reduce((sum, { pairs }) => sum + pairs, 0) / trials;
    const wrongSide = setting.effect === 0 ? share('better') + share('worse') : share('worse');
    const isFalse = wrongSide + (setting.effect >= setting.equalWithin ? share('equal') : 0);
    return { setting, share, seeds, isFalse };
  });
  print(
    `The comparison that stops by itself, at most ${atMost} pairs (effects and regions in standard deviations)`,
    ['effect', 'equal within', 'noise', 'better', 'equal', 'open', 'false claims', 'mean pairs'],
    found.map(({ setting, share, seeds, isFalse }) => [
      String(setting.effect),
      String(setting.equalWithin),
      setting.noise ?? 'normal',
      percent(share('better')),
      percent(share('equal')),
      percent(share('notDistinguishable')),
      percent(isFalse),
      seeds.toFixed(2),
    ]),
  );
  const mean = found.reduce((sum, { seeds }) => sum + seeds, 0) / found.length;
  const worst = Math.max(...found.map(({ isFalse }) => isFalse));
  console.log(
    `\nOver these settings ${mean.toFixed(2)} pairs instead of ${atMost}: ${percent(1 - mean / atMost)} fewer runs. ` +
      `Most false claims: ${percent(worst)}.`,
  );
  expect(mean <= 0.7 * atMost, 'the comparison that stops by itself saves less than 30 % of the runs');
  expect(worst <= 0.05 + tolerance(trials), 'the comparison that stops by itself makes more than 5 % of false claims');
}

console.log(`${trials} trials for each cell, ${slowTrials} from 12 pairs on; seed 18.`);
coverage();
falseClaims();
power();
furtherSeeds();
stopping();
