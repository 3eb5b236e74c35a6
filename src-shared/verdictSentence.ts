import type { ComparedMetric, ComparedPair } from './comparison.ts';
import type { Texts } from './reportTexts.ts';

/** A value of a metric in its unit. */
export function metricValue(value: number, metric: Pick<ComparedMetric, 'unit'>, texts: Texts): string {
  switch (metric.unit) {
    case 'share':
      return texts.percent(value);
    case 'degrees':
      return texts.say('unit.degrees', { number: texts.decimal(value, 1) });
    case 'number':
      return texts.short(value);
  }
}

const differenceUnits = { share: 'unit.points', degrees: 'unit.degrees', number: null } as const;

/** A difference of a metric, as a number and with its unit. `signed` puts a plus before positive ones. */
export function metricDifference(
  value: number,
  metric: Pick<ComparedMetric, 'unit'>,
  texts: Texts,
  signed = true,
): { readonly number: string; readonly inUnit: string } {
  const bare =
    metric.unit === 'number' ? texts.short(value) : texts.decimal(metric.unit === 'share' ? 100 * value : value, 1);
  const number = signed && value > 0 ? `+${bare}` : bare;
  const key = differenceUnits[metric.unit];
  return { number, inUnit: key === null ? number : texts.say(key, { number }) };
}

/** p with about two significant digits, never as 0. */
export function pValue(p: number, texts: Texts): string {
  if (p < 0.0001) return `< ${texts.decimal(0.0001, 4)}`;
  if (p < 0.001) return texts.decimal(p, 4);
  return texts.decimal(p, p < 0.1 ? 3 : 2);
}

/** p with its relation: '= 0.012' or '< 0.0001'. */
export const pComparison = (p: number, texts: Texts): string =>
  pValue(p, texts).startsWith('<') ? pValue(p, texts) : `= ${pValue(p, texts)}`;

/**
 * The verdict on two arms in one metric, such as 'ArcFace is better than cross-entropy in test accuracy, by 3.4
 * percentage points (1.2 to 5.6; 5 pairs of runs, p = 0.012).' `escape` is applied to the names.
 */
export function verdictSentence(
  pair: ComparedPair,
  texts: Texts,
  escape: (text: string) => string = (text) => text,
): string {
  const { metric, mean, interval, pairs, adjustedP, verdict } = pair;
  const value = (number: number) => metricValue(number, metric, texts);
  const named = {
    arm: escape(pair.arm),
    against: escape(pair.against),
    metric: metric.title,
    pairs,
    p: adjustedP === null ? '' : pComparison(adjustedP, texts),
  };
  const size = metricDifference(mean, metric, texts).inUnit;
  if (adjustedP === null)
    return texts.say('verdict.onePair', {
      ...named,
      armMean: value(pair.armMean),
      againstMean: value(pair.againstMean),
      size,
    });
  const unsigned = metricDifference(Math.abs(mean), metric, texts, false).inUnit;
  if (interval === null) {
    if (Math.abs(mean) < 1e-12) return texts.say('verdict.equal', { ...named, mean: value(pair.armMean) });
    return verdict === 'notDistinguishable'
      ? texts.say('verdict.noSpread', { ...named, size })
      : texts.say('verdict.steady', { ...named, size: unsigned, how: texts.say(`verdict.${verdict}.word`) });
  }
  const bound = (number: number, signed: boolean) => metricDifference(number, metric, texts, signed).number;
  switch (verdict) {
    case 'better':
    case 'worse': {
      const [low, high] = mean > 0 ? [interval.low, interval.high] : [-interval.high, -interval.low];
      return texts.say(`verdict.${verdict}`, {
        ...named,
        size: unsigned,
        low: bound(low, false),
        high: bound(high, false),
      });
    }
    case 'notDistinguishable':
      return texts.say('verdict.same', {
        ...named,
        size,
        low: bound(interval.low, true),
        high: bound(interval.high, true),
        settle: settleSentence(pair, texts),
      });
  }
}

/** How many more seeds would settle it. */
function settleSentence({ effectSize, moreSeeds }: ComparedPair, texts: Texts): string {
  if (effectSize === null) return texts.say('settle.few');
  return moreSeeds === null ? texts.say('settle.never') : texts.say('settle.seeds', { more: moreSeeds });
}
