/** @typedef {{ name?: string, skip?: string | boolean, details?: { type?: string } }} TestData */

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * A reporter of Node's test runner: says at the end how many tests were skipped, and why. Of a suite that is skipped as
 * a whole the runner does not know the tests, so the suite is counted.
 * @param {AsyncIterable<{ type: string, data: TestData }>} events
 */
export default async function* skippedTests(events) {
  /** @type {Map<string, { tests: number, suites: number }>} */
  const reasons = new Map();
  for await (const { type, data } of events) {
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
}
