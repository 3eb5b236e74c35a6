import { csvCell } from '../../src-shared/textCell.ts';
import { formatCount } from '../components/format.ts';
import type { CurveLine } from './curveLines.ts';
import { spreadText } from './seedSpread.ts';

/** What a chart shows, as a table for those who cannot see it. */
export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/**
 * Last, lowest and highest value of each line, for at most `mostRows` lines. Where a line is a mean, a column has what
 * its seeds span at the end.
 */
export function curveTable(
  lines: readonly CurveLine[],
  format: (value: number) => string,
  mostRows = Number.POSITIVE_INFINITY,
): ChartTable {
  const withSpread = lines.some(({ spread }) => spread !== null);
  const rows = lines.slice(0, mostRows).map(({ curve, label, spread }) => {
    const values = curve.values.filter((value): value is number => value !== null);
    const last = values.at(-1);
    const ownSpread = spread === null ? null : spreadText(spread, curve.values.lastIndexOf(last ?? null), format);
    const seeds = withSpread ? [ownSpread] : [];
    if (last === undefined) return [label, formatCount(curve.total), null, null, null, ...seeds];
    const least = values.reduce((a, b) => Math.min(a, b));
    const largest = values.reduce((a, b) => Math.max(a, b));
    return [label, formatCount(curve.total), format(last), format(least), format(largest), ...seeds];
  });
  const seedColumn = withSpread ? ['seeds at the end'] : [];
  const left = lines.length - rows.length;
  const more =
    left > 0 ? [[`and ${left} more in the enlarged chart`, null, null, null, null, ...seedColumn.map(() => null)]] : [];
  return { columns: ['curve', 'points', 'last', 'lowest', 'highest', ...seedColumn], rows: [...rows, ...more] };
}

/** A table as CSV, with its columns in the first line. */
export const tableAsCsv = ({ columns, rows }: ChartTable): string =>
  [columns, ...rows].map((row) => `${row.map((cell) => csvCell(String(cell ?? ''))).join(',')}\n`).join('');
