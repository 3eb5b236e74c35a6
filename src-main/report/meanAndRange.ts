import { mean } from '../../src-shared/maths/statistics.ts';

/** The mean of several runs, with the lowest and the highest in brackets where they differ; '—' without values. */
export function meanAndRange(values: readonly number[], write: (value: number) => string): string {
  if (values.length === 0) return '—';
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (write(low) === write(high)) return write(mean(values));
  // A dash before a minus sign would be read as two of them.
  const to = low < 0 ? ' … ' : '–';
  return `${write(mean(values))} (${write(low)}${to}${write(high)})`;
}
