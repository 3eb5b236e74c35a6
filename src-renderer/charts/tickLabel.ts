/**
 * The label of a tick of a value axis, with all digits that the tick has: rounding to a fixed number of digits would
 * give neighbouring ticks the same label. Shares are written in percent.
 */
export function tickLabel(value: number, percent: boolean): string {
  // ECharts adds up the distances between ticks, which leaves an error in the last binary digits.
  const exact = Number((percent ? value * 100 : value).toPrecision(8));
  if (percent) return `${exact} %`;
  const size = Math.abs(exact);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return exact.toExponential();
  return exact.toLocaleString('en', { maximumFractionDigits: 10 });
}
