export interface ChartSeries { readonly name: string; readonly dashed: boolean; readonly colour: number; readonly points: readonly (readonly [x: number, y: number])[] }
export interface LineChartOptions { readonly title: string; readonly xTitle: string; readonly yTitle: string; readonly logarithmic?: boolean; readonly percent?: boolean; readonly series: readonly ChartSeries[] }

const palette = ['#4269d0', '#d1610a', '#3a8f5c', '#a463f2', '#c43d52', '#6b6b6b'] as const; // told apart by colour-blind readers
const [width, height, left, right, top, bottom] = [720, 380, 62, 160, 46, 46];

export const escapeXml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, ' ');

function niceTicks(low: number, high: number): number[] {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 6) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-6; tick += step) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
}

/** A line chart as SVG on a light card, readable on a light or dark page: labels stand at the ends of the lines. */
export function lineChart(options: LineChartOptions): string {
  const series = options.series.filter((entry) => entry.points.length > 0);
  const xs = series.flatMap((entry) => entry.points.map(([x]) => x));
  const ys = series.flatMap((entry) => entry.points.map(([, y]) => y));
  const [xLow, xHigh] = [Math.min(...xs), Math.max(...xs)];
  const [yLow, yHigh] = options.percent ? [0, 1] : [Math.min(0, ...ys), Math.max(...ys, 1e-9)];
  const along = (x: number) => (options.logarithmic ? (Math.log10(x) - Math.log10(xLow)) / (Math.log10(xHigh) - Math.log10(xLow) || 1) : (x - xLow) / (xHigh - xLow || 1));
  const px = (x: number) => left + along(x) * (width - left - right);
  const py = (y: number) => height - bottom - ((y - yLow) / (yHigh - yLow || 1)) * (height - top - bottom);
  const xTicks = options.logarithmic ? [...new Set(xs)].sort((a, b) => a - b) : niceTicks(xLow, xHigh).filter(Number.isInteger);
  const yTicks = niceTicks(yLow, yHigh);
  // End labels are pushed apart from top to bottom, so that none lies on another.
  const labels = series.map((entry) => ({ entry, y: py((entry.points.at(-1) as readonly [number, number])[1]) })).sort((a, b) => a.y - b.y);
  labels.forEach((label, index) => { label.y = Math.max(label.y, (labels[index - 1]?.y ?? 0) + 15, top); });
  const overflow = Math.max(0, (labels.at(-1)?.y ?? 0) - (height - bottom));
  for (const label of labels) label.y -= overflow;
  const colourOf = (entry: ChartSeries) => palette[entry.colour % palette.length] as string;
  const yLabel = (tick: number) => (options.percent ? `${Math.round(tick * 100)} %` : String(tick));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif" font-size="12" role="img"><title>${escapeXml(options.title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/><text x="16" y="24" font-size="14" font-weight="600" fill="#1f2328">${escapeXml(options.title)}</text>`,
    ...yTicks.map((tick) => `<line x1="${left}" x2="${width - right}" y1="${py(tick).toFixed(1)}" y2="${py(tick).toFixed(1)}" stroke="#e6e8eb"/><text x="${left - 8}" y="${(py(tick) + 4).toFixed(1)}" text-anchor="end" fill="#59636e">${yLabel(tick)}</text>`),
    ...xTicks.map((tick) => `<text x="${px(tick).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle" fill="#59636e">${tick}</text>`),
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle" fill="#59636e">${escapeXml(options.xTitle)}</text><text x="16" y="${top - 8}" fill="#59636e" font-size="11">${escapeXml(options.yTitle)}</text>`,
    ...series.map((entry) => {
      const style = `stroke="${colourOf(entry)}" stroke-width="2" fill="none"${entry.dashed ? ' stroke-dasharray="5 4"' : ''}`;
      const dots = entry.points.length <= 12 ? entry.points.map(([x, y]) => `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="2.6" fill="${colourOf(entry)}"/>`).join('') : '';
      return `<polyline ${style} points="${entry.points.map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(' ')}"/>${dots}`;
    }),
    ...labels.map(({ entry, y }) => `<text x="${width - right + 8}" y="${(y + 4).toFixed(1)}" fill="${colourOf(entry)}" font-weight="500">${escapeXml(entry.name.length > 24 ? `${entry.name.slice(0, 23)}…` : entry.name)}</text>`),
    '</svg>', '',
  ].join('\n');
}
