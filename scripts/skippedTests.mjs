/** @typedef {{ name?: string, skip?: string | boolean }} TestData */

/**
 * A reporter of Node's test runner: says at the end how many tests were skipped, and why.
 * @param {AsyncIterable<{ type: string, data: TestData }>} events
 */
export default async function* skippedTests(events) {
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.skip === undefined || data.skip === false) continue;
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : `no reason given (${data.name})`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  yield total === 0 ? 'No test was skipped.\n' : `${total} ${total === 1 ? 'test was' : 'tests were'} skipped:\n`;
  for (const [reason, count] of reasons) yield `  ${count} x ${reason}\n`;
}
