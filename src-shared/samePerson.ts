import type { IdentificationRate } from './maths/identificationRate.ts';

/** What a run's thresholds say about the cosine of two faces. */
export interface SamePersonAnswer {
  readonly same: boolean;
  readonly rate: IdentificationRate;
}

/** The thresholds that enough pairs stand behind, the strictest first. */
export const usableRates = (rates: readonly IdentificationRate[]): readonly IdentificationRate[] =>
  [...rates.filter(({ carried }) => carried)].sort((a, b) => a.falsePositiveRate - b.falsePositiveRate);

/** Whether a cosine is above the threshold of a rate. */
export const samePerson = (cosine: number, rate: IdentificationRate): SamePersonAnswer => ({
  same: cosine > rate.threshold,
  rate,
});

/** A false positive rate in words, such as '1 in 1,000'. */
export const oneIn = (rate: number): string => {
  const every = 1 / rate;
  return every >= 1.5
    ? `1 in ${Number(every.toPrecision(3)).toLocaleString('en')}`
    : `${Number((rate * 100).toPrecision(3))} in 100`;
};

/** The answer in one sentence. */
export function samePersonInWords(cosine: number, { same, rate }: SamePersonAnswer): string {
  const verdict = same ? 'The run takes the two faces for one person' : 'The run takes the two faces for two people';
  const threshold = rate.threshold.toFixed(3);
  const side = same ? 'above' : 'not above';
  const rarity = `the threshold that ${oneIn(rate.falsePositiveRate)} pairs of different people exceed`;
  return `${verdict}: their cosine of ${cosine.toFixed(3)} is ${side} ${threshold}, ${rarity}.`;
}

/** Why a run gives no answer. */
export const noThresholds =
  'The run has no threshold to compare with, because its split holds out too few people: train it with query and ' +
  'distractors.';
