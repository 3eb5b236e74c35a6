import { relative } from 'node:path';

/**
 * @typedef {object} TestData
 * @property {string} [name]
 * @property {string | boolean} [skip]
 * @property {{ type?: string }} [details]
 * @property {string} [file]
 * @property {number} [duration_ms]
 */

const slowShown = 12; // files

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * A reporter of Node's test runner: says at the end how many tests were skipped, and why, and which files took longest.
 * Of a suite that is skipped as a whole the runner does not know the tests, so the suite is counted.
 * @param {AsyncIterable<{ type: string, data: TestData }>} events
 */
export default async function* suiteSummary(events) {
  /** @type {[file: string, milliseconds: number][]} */
  const files = [];
  /** @type {Map<string, { tests: number, suites: number }>} */
  const reasons = new Map();
  for await (const { type, data } of events) {
    if (type === 'test:summary' && data.file !== undefined) files.push([data.file, data.duration_ms ?? 0]);
    if ((type !== 'test:pass' && type !== 'test:fail') || data.skip === undefined || data.skip === false) continue;
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : `no reason given (${data.name})`;
    const count = reasons.get(reason) ?? { tests: 0, suites: 0 };
    count[data.details?.type === 'suite' ? 'suites' : 'tests']++;
    reasons.set(reason, count);
  }
  /** @param {{ tests: number, suites: number }} count */
  const inWords = ({ tests, suites }) =>
    [tests > 0 || suites === 0 ? counted(tests, 'test') : '', suites > 0 ? counted(suites, 'whole suite') : '']
      .filter(Boolean)
      .join(' and ');
  const all = { tests: 0, suites: 0 };
  for (const { tests, suites } of reasons.values()) {
    all.tests += tests;
    all.suites += suites;
  }
  yield reasons.size === 0 ? 'No test was skipped.\n' : `Skipped: ${inWords(all)}.\n`;
  for (const [reason, count] of reasons) yield `  ${inWords(count)}: ${reason}\n`;
  yield* slowest(files);
}

/**
 * The files that took longest, so that the suite stays within its limit.
 * @param {[file: string, milliseconds: number][]} files
 */
function* slowest(files) {
  if (files.length <= slowShown) return;
  const minutes = files.reduce((sum, [, milliseconds]) => sum + milliseconds, 0) / 60_000;
  yield `The ${slowShown} slowest of ${files.length} files, which took ${minutes.toFixed(1)} minutes together:\n`;
  for (const [file, milliseconds] of files.sort((a, b) => b[1] - a[1]).slice(0, slowShown))
    yield `${(milliseconds / 1000).toFixed(1).padStart(8)} s  ${relative(process.cwd(), file)}\n`;
}
