const grouped = new Intl.NumberFormat('en');

/** 12345 as '12,345'. */
export const formatCount = (value: number): string => grouped.format(value);
/** '1 person', '2 people'. */
export const formatPlural = (count: number, [one, many]: readonly [string, string]): string => `${formatCount(count)} ${count === 1 ? one : many}`;
/** 0.7312 as '73.1 %'. */
export const formatPercent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
/** Seconds as '45 s', '3 min 05 s', '2 h 10 min'. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
/** A number with so many significant digits, without an exponent where it can be helped. */
export const formatNumber = (value: number, digits = 4): string => (Number.isInteger(value) ? grouped.format(value) : Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits))));
/** An ISO time as day and minute in the reader's zone. */
export const formatTime = (iso: string): string => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
