export { formatDuration, roughDuration } from '../../src-shared/duration.ts';

const grouped = new Intl.NumberFormat('en');

/** 12345 as '12,345'. */
export const formatCount = (value: number): string => grouped.format(value);
/** '1 person', '2 people'. */
export const formatPlural = (count: number, [one, many]: readonly [string, string]): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
/** 0.7312 as '73.1 %'. */
export const formatPercent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
/** A number with so many significant digits, without an exponent where it can be helped. */
export const formatNumber = (value: number, digits = 4): string =>
  Number.isInteger(value)
    ? grouped.format(value)
    : Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6
      ? value.toExponential(digits - 1)
      : String(Number(value.toPrecision(digits)));
/** An ISO time as day and minute in the reader's zone. */
export const formatTime = (iso: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
