import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalProgress } from '../../src-main/doors/cli/terminalProgress.ts';

/** A terminal of a width, and what was written to it. */
function terminal(columns: number): { readonly stream: NodeJS.WriteStream; readonly written: string[] } {
  const written: string[] = [];
  const write = (text: string) => {
    written.push(text);
    return true;
  };
  return {
    stream: {
      isTTY: true,
      columns,
      write,
      cursorTo: () => true,
      clearLine: () => true,
      moveCursor: () => true,
      getWindowSize: () => [columns, 24],
      on: () => undefined,
    } as unknown as NodeJS.WriteStream,
    written,
  };
}
const bars = (written: readonly string[]) => written.filter((text) => text.includes('ETA'));

for (const columns of [120, 80, 40, 24]) {
  test(`a bar fits ${columns} columns with its rate and time left`, async () => {
    const { stream, written } = terminal(columns);
    const progress = terminalProgress(stream);
    progress.stage('Training');
    progress.step({ done: 1, total: 150_000, note: 'epoch 12/120, 1555 img/s' });
    await new Promise((resolve) => setTimeout(resolve, 300)); // a bar is drawn anew a few times a second
    progress.step({ done: 30_000, total: 150_000, note: 'epoch 12/120, 1555 img/s' });
    progress.end();
    const last = bars(written).at(-1) ?? '';
    assert.ok(last.length < columns, `${last.length} characters: ${last}`);
    assert.match(last, columns < 40 ? /20 % {2}ETA \ds/ : /1555 img\/s {2}ETA \ds/);
  });
}

test('a bar that ended keeps no process alive: `import` and refusals on a terminal waited for ever', () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const progress = terminalProgress(terminal(80).stream);
  progress.step({ done: 1, total: 2, note: 'files' });
  assert.equal(timers(), before + 1);
  progress.end();
  assert.equal(timers(), before);
});
