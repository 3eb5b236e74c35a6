import type { IdentificationRate } from '../../src-shared/maths/identificationRate.ts';
import type { Texts } from '../../src-shared/reportTexts.ts';
import { meanAndRange } from './meanAndRange.ts';

/** The rates that there are enough negatives for, from the highest false positive rate to the lowest. */
export const carriedRates = (rates: readonly IdentificationRate[]): IdentificationRate[] =>
  rates.filter((rate) => rate.carried).toSorted((a, b) => b.falsePositiveRate - a.falsePositiveRate);

/**
 * An arm's true positive rates at one false positive rate, as a table cell: with Wilson's interval where every arm of
 * the table has a single run, else as a mean with its range.
 */
export function rateCell(rates: readonly IdentificationRate[], single: boolean, texts: Texts): string {
  const write = (value: number) => texts.decimal(value, 3);
  const [only] = rates;
  if (!single || !only)
    return meanAndRange(
      rates.map((rate) => rate.truePositiveRate),
      write,
    );
  return `${write(only.truePositiveRate)} (${write(only.interval.low)}–${write(only.interval.high)})`;
}
