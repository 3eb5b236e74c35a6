import type { ComparedMetric, ComparedPair } from './comparison.ts';
import { chanceP } from './maths/seedsNeeded.ts';
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
 * percentage points (1.2 to 5.6; 5 pairs of runs, p = 0.012).' A preliminary one says so and has no bold words.
 * `escape` is applied to the names.
 */
export function verdictSentence(
  pair: ComparedPair,
  texts: Texts,
  escape: (text: string) => string = (text) => text,
): string {
  const sentence = settledSentence(pair, texts, escape);
  return pair.preliminary && pair.adjustedP !== null
    ? texts.say('verdict.preliminary', { pairs: pair.pairs, sentence: sentence.replaceAll('**', '') })
    : sentence;
}

/** By how many of the two arms are models that no seed changes. */
const onePair = ['verdict.onePair', 'verdict.oneRun', 'verdict.bothGiven'] as const;

function settledSentence(pair: ComparedPair, texts: Texts, escape: (text: string) => string): string {
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
    return texts.say(onePair[pair.fixedArms] ?? 'verdict.onePair', {
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
  const bounds = { low: bound(interval.low, true), high: bound(interval.high, true) };
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
    case 'equal':
      return texts.say('verdict.within', { ...named, ...bounds, size, region: regionInUnit(pair, texts) });
    case 'notDistinguishable':
      return texts.say('verdict.same', { ...named, ...bounds, size, settle: settleSentence(pair, texts) });
  }
}

const regionInUnit = ({ stopping, metric }: ComparedPair, texts: Texts): string =>
  metricDifference((stopping?.equalWithin ?? 0) / 100, metric, texts, false).inUnit;

/** How many more seeds would settle it, or why nothing can be said about that. */
function settleSentence(
  { effectSize, studentP, moreSeeds, stopping, hopeless, pairs }: ComparedPair,
  texts: Texts,
): string {
  if (stopping)
    return hopeless
      ? texts.say('settle.hopeless', { pairs, most: stopping.atMost })
      : texts.say(pairs < stopping.atMost ? 'settle.running' : 'settle.end', { most: stopping.atMost });
  if (effectSize === null) return texts.say('settle.few');
  if (moreSeeds === null) return texts.say((studentP ?? 1) < chanceP ? 'settle.never' : 'settle.chance');
  const { low, high } = moreSeeds;
  if (high === null) return texts.say('settle.seedsAtLeast', { low });
  return low === high ? texts.say('settle.seeds', { more: low }) : texts.say('settle.seedsBetween', { low, high });
}
