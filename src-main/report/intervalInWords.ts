import type { ComparedPair } from '../../src-shared/comparison.ts';
import { metricDifference } from '../../src-shared/verdictSentence.ts';
import type { ReportContext } from './reportContext.ts';

/** The interval of a difference, low to high, as numbers without their unit; '—' where there is no interval. */
export function intervalInWords({ interval, metric }: ComparedPair, texts: ReportContext['texts']): string {
  if (!interval) return '—';
  const write = (value: number) => metricDifference(value, metric, texts).number;
  return `${write(interval.low)} … ${write(interval.high)}`;
}
