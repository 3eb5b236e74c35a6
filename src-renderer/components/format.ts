export { formatDuration, roughDuration } from '../../src-shared/duration.ts';

const grouped = new Intl.NumberFormat('en');

/** 12345 as '12,345'. */
export const formatCount = (value: number): string => grouped.format(value);
/** '1 person', '2 people'. */
export const formatPlural = (count: number, [one, many]: readonly [string, string]): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
/** 0.7312 as '73.1 %'. */
export const formatPercent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
/** A difference of shares in percentage points: 0.0123 as '+1.2 pp'. */
export const formatPoints = (difference: number): string =>
  `${difference > 0 ? '+' : ''}${(difference * 100).toFixed(1).replace('-', '−')} pp`;
/** A number with `digits` significant digits; very small and very large ones have an exponent. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isInteger(value)) return grouped.format(value);
  const size = Math.abs(value);
  return size < 1e-4 || size >= 1e6 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
}
/** The value of a metric: a rate in percent, or a number. */
export const formatMetric = (value: number, percent: boolean): string =>
  percent ? formatPercent(value) : formatNumber(value);
/** An ISO time as date and time in the user's time zone. */
export const formatTime = (iso: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
