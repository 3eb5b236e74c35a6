import { relative } from 'node:path';

const shown = 12;

/**
 * A reporter of Node's test runner: says at the end which files took longest, so that the suite stays within its limit.
 * @param {AsyncIterable<{ type: string, data: { file?: string, duration_ms?: number } }>} events
 */
export default async function* slowFiles(events) {
  /** @type {[file: string, milliseconds: number][]} */
  const files = [];
  for await (const { type, data } of events)
    if (type === 'test:summary' && data.file !== undefined) files.push([data.file, data.duration_ms ?? 0]);
  if (files.length <= shown) return;
  const total = files.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  yield `The ${shown} slowest of ${files.length} files, which took ${(total / 60_000).toFixed(1)} minutes together:\n`;
  for (const [file, milliseconds] of files.sort((a, b) => b[1] - a[1]).slice(0, shown))
    yield `${(milliseconds / 1000).toFixed(1).padStart(8)} s  ${relative(process.cwd(), file)}\n`;
}
