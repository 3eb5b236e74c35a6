import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noWindowReason, servedArguments, windowArguments } from '../../src-main/doors/start.ts';

test('a window needs a display and, on Linux, a user that is not root', () => {
  assert.equal(noWindowReason({ platform: 'linux', env: {}, userId: 1000 }), 'There is no display');
  assert.equal(
    noWindowReason({ platform: 'linux', env: { DISPLAY: ':0' }, userId: 0 }),
    'Electron does not run as root',
  );
  assert.equal(noWindowReason({ platform: 'linux', env: { WAYLAND_DISPLAY: 'wayland-0' }, userId: 1000 }), null);
  assert.equal(noWindowReason({ platform: 'darwin', env: {}, userId: 501 }), null);
  assert.equal(noWindowReason({ platform: 'win32', env: {}, userId: null }), null);
});

test('a workspace reaches the window as one word', () => {
  assert.deepEqual(windowArguments(['--workspace', '/a b', 'x.arcbench.yaml']), [
    '--workspace=/a b',
    'x.arcbench.yaml',
  ]);
  assert.deepEqual(windowArguments(['--workspace=/a']), ['--workspace=/a']);
});

test('where no window opens, an experiment on the command line is not dropped without a word', () => {
  const { args, notes } = servedArguments(['--workspace', '/a', 'mine.arcbench.yaml', '--port', '0']);
  assert.deepEqual(args, ['--workspace', '/a', '--port', '0']);
  assert.deepEqual(notes, [
    'mine.arcbench.yaml is not opened there: paste it into the YAML tab of a new experiment, or run it ' +
      'without a screen, `npm run arcbench -- --run mine.arcbench.yaml`.',
  ]);
  assert.deepEqual(servedArguments(['--workspace', '/a']), { args: ['--workspace', '/a'], notes: [] });
});
