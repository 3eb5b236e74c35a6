// Loaded before each test file. A file that still runs twenty minutes after its start, because a process or a
// connection was left open, is ended with a sentence. A time limit of a single test does not cover that.
import { isMainThread } from 'node:worker_threads';

const minutes = 20;
const file = process.argv[1] ?? '';

if (isMainThread && file.endsWith('.test.ts')) {
  const limit = setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout');
    process.stderr.write(
      `${file} did not end within ${minutes} minutes. It waits for: ${[...new Set(open)].join(', ') || 'a timer'}.\n`,
    );
    process.exit(1);
  }, minutes * 60_000);
  limit.unref();
}
