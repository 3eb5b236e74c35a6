import type { ComparedPair } from '../../src-shared/comparison.ts';
import { metricDifference } from '../../src-shared/verdictSentence.ts';
import type { ReportContext } from './reportContext.ts';

/** The interval of a difference, low to high, as numbers without their unit; '—' where there is no interval. */
export const intervalInWords = ({ interval, metric }: ComparedPair, texts: ReportContext['texts']): string =>
  interval
    ? `${metricDifference(interval.low, metric, texts).number} … ${metricDifference(interval.high, metric, texts).number}`
    : '—';
