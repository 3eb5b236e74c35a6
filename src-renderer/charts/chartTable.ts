import { formatCount } from '../components/format.ts';
import type { CurveLine } from './curveLines.ts';

/** What a chart shows, as a table for those who cannot see it. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Last, lowest and highest value of each line, for at most `mostRows` lines. */
export function curveTable(
  lines: readonly CurveLine[],
  format: (value: number) => string,
  mostRows = Number.POSITIVE_INFINITY,
): ChartTable {
  const rows = lines.slice(0, mostRows).map(({ curve, label }) => {
    const values = curve.values.filter((value): value is number => value !== null);
    const last = values.at(-1);
    if (last === undefined) return [label, formatCount(curve.total), null, null, null];
    const least = values.reduce((a, b) => Math.min(a, b));
    const largest = values.reduce((a, b) => Math.max(a, b));
    return [label, formatCount(curve.total), format(last), format(least), format(largest)];
  });
  const left = lines.length - rows.length;
  const more = left > 0 ? [[`and ${left} more in the enlarged chart`, null, null, null, null]] : [];
  return { columns: ['curve', 'points', 'last', 'lowest', 'highest'], rows: [...rows, ...more] };
}
