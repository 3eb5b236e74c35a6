import type { RunScale } from '../../../src-shared/answers/trialAnswers.ts';
import { noThresholds, oneIn } from '../../../src-shared/samePerson.ts';
import { formatPercent } from '../../components/format.ts';

export type ScaleRate = RunScale['rates'][number];

/** What a run says about a pair: a word, and why. */
export interface PairAnswer {
  readonly word: 'Same person' | 'Two people' | 'No answer';
  readonly why: string;
}

export function answerOf(cosine: number, rate: ScaleRate | null): PairAnswer {
  if (!rate) return { word: 'No answer', why: noThresholds };
  const same = cosine > rate.threshold;
  return {
    word: same ? 'Same person' : 'Two people',
    why:
      `The cosine is ${same ? 'above' : 'not above'} ${rate.threshold.toFixed(3)}, which ` +
      `${oneIn(rate.falsePositiveRate)} pairs of different people exceed.`,
  };
}

/** How many of the run's own pairs are more alike than this one. */
export function amongPairs(cosine: number, { same, different, of }: RunScale): string {
  const shareAbove = (counts: readonly number[]): number => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const above = counts.reduce(
      (sum, count, bin) => (-1 + (2 * (bin + 0.5)) / counts.length > cosine ? sum + count : sum),
      0,
    );
    return total === 0 ? 0 : above / total;
  };
  const whose = of === 'held-out' ? 'people it never trained on' : 'its test pictures';
  const pairs = (counts: readonly number[], whom: string): string => {
    const share = shareAbove(counts);
    return share === 0 ? `no pair of ${whom}` : `${formatPercent(share, share < 0.01 ? 2 : 0)} of pairs of ${whom}`;
  };
  return `Among ${whose}, ${pairs(same, 'one person')} and ${pairs(different, 'two people')} are more alike.`;
}

/** How often a stranger is taken for one of so many people, if each comparison errs at this rate. */
export const strangerShare = (rate: ScaleRate, people: number): number => 1 - (1 - rate.falsePositiveRate) ** people;

/** The rates that every scale has, the strictest first. */
export function sharedRates(scales: readonly RunScale[]): readonly number[] {
  const [first, ...others] = scales;
  const has = (scale: RunScale, rate: number) =>
    scale.rates.some(({ falsePositiveRate }) => falsePositiveRate === rate);
  return (first?.rates ?? [])
    .map(({ falsePositiveRate }) => falsePositiveRate)
    .filter((rate) => others.every((scale) => has(scale, rate)));
}
export const rateIn = (scale: RunScale, rate: number | null): ScaleRate | null =>
  scale.rates.find(({ falsePositiveRate }) => falsePositiveRate === rate) ?? null;
