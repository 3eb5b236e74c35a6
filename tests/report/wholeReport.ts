import assert from 'node:assert/strict';
import sharp from 'sharp';
import { readFigureTable } from '../../src-shared/figureTable.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import type { ReportModel } from '../../src-main/report/reportModel.ts';
import type { Outcome } from './constructedModel.ts';

/** Two arms. */
export const duel =
  'arms: [{name: CE, loss: crossEntropy}, {name: ArcFace, loss: {name: arcFace, marginRadians: 0.3, scale: 32}}]\n';
/** ArcFace a little better by seed, and by much in test accuracy. */
export const apart = (arm: string, seed: number): Outcome =>
  arm === 'CE'
    ? { val: 40 + seed, test: 38 + seed, separation: 0.3 }
    : { val: 50 + seed, test: 52 + (seed % 2) + seed, separation: 0.31 + 0.01 * (seed % 3) };
export const sectionOf = (markdown: string, heading: string) =>
  markdown.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';

export const assertIncludes = (text: string, expected: string): void =>
  assert.ok(text.includes(expected), `expected '${expected}' in:\n${text}`);

/** report.html has every chart and table of the folder in it, and refers to nothing else. */
function assertStandsAlone(files: ReadonlyMap<string, string>): void {
  const page = files.get('report.html') as string;
  assert.match(page, /Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/);
  assert.doesNotMatch(page, /<(?:script|link|iframe|object|embed|form)\b/i);
  for (const [, address] of page.matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(address as string, /^(?:data:(?:image\/svg\+xml|text\/csv|application\/yaml);base64,|https:)/);
  assert.ok(!/url\(|@import/.test(page.slice(0, page.indexOf('</head>'))));
  const within = [...page.matchAll(/base64,([^"]+)"/g)].map(([, data]) => Buffer.from(data!, 'base64').toString());
  for (const [name, content] of files)
    if (name.endsWith('.svg') || name === 'metrics.csv') assert.ok(within.includes(content), `${name} is not in it`);
}

/** What any report must keep to, whatever it says. */
export async function checkWhole(model: ReportModel): Promise<string> {
  const files = renderReport(model);
  assert.deepEqual([...renderReport(model)], [...files], 'the same model gave other bytes');
  const markdown = files.get('report.md') as string;
  for (const [, file] of markdown.matchAll(/\]\(([^)]+)\)/g))
    assert.ok(files.has(file as string), `${file} is linked and not there`);
  for (const name of files.keys())
    if (name.endsWith('.svg')) assert.ok(markdown.includes(`](${name})`), `${name} is there and not shown`);
  assertStandsAlone(files);
  assert.doesNotMatch(markdown, /\{\w|undefined|NaN|Infinity|null|\[object/);
  assert.doesNotMatch(markdown, /\n{3}|[^\S\n]\n| {2}\S/, 'stray space');
  assert.doesNotMatch(markdown, /\b1 (?:seeds|pairs|runs|images|people|comparisons|variants|knobs|epochs)\b/);
  // No heading stands above another of its own rank or higher, or at the end.
  const lines = markdown.split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => {
    const rank = /^#+/.exec(line)?.[0].length;
    const next = /^#+/.exec(lines[index + 1] ?? '#')?.[0].length;
    if (rank !== undefined && next !== undefined && rank > 1) assert.ok(next > rank, `'${line}' is empty`);
  });
  for (const [name, svg] of files) {
    if (!name.endsWith('.svg')) continue;
    const { width, height } = await sharp(Buffer.from(svg)).metadata();
    assert.ok(width > 300 && height > 80, name);
    assert.match(svg, /prefers-color-scheme:dark/);
    const carried = /<metadata>([^<]*)<\/metadata>/.exec(svg)?.[1] ?? '';
    const written = carried.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    const table = readFigureTable(written);
    assert.ok(table && table.rows.length > 0, `${name} carries its table`);
    for (const row of table.rows) assert.equal(row.length, table.columns.length, name);
  }
  return markdown;
}
