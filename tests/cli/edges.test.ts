import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-cli-edges-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function arcbench(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment },
  });
  return { status, stdout, stderr: stderr.trim() };
}

test('a command that looks at a workspace makes none where its name is mistyped', () => {
  for (const command of [['check'], ['runs', 'delete', 'abc']]) {
    const typo = join(folder, 'typo');
    const { status, stderr } = arcbench([...command, '--workspace', typo]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^There is no workspace at .*typo/);
    assert.ok(!existsSync(typo), command.join(' '));
  }
});

test('an empty HOME makes no workspace in the current folder', () => {
  const { stderr } = arcbench(['runs', 'list'], { HOME: '', XDG_DATA_HOME: '' });
  const named = /workspace at (\S+):/.exec(stderr)?.[1];
  assert.ok(named === undefined || !named.startsWith(folder), stderr);
  assert.ok(!existsSync(join(folder, '.local')));
});

test('a name that is not UTF-8 is refused, and no folder of another name is made', () => {
  const script = `exec "$0" "$1" check --workspace "$(printf '${folder}/caf\\351')" 2>&1`;
  const said = (() => {
    try {
      return execFileSync('sh', ['-c', script, process.execPath, main], {
        encoding: 'utf8',
        env: { ...process.env, NODE_NO_WARNINGS: '1' },
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  })();
  assert.match(said, /caf\ufffd is not valid UTF-8.*rename it/);
});

test('a key __proto__ and a NUL character are refused with their line', () => {
  for (const [text, sentence] of [
    ['name: x\nsplit:\n  assign: { __proto__: query }\n', /x\.yaml, line 3: the key '__proto__' cannot be used/],
    ['name: "a\\0b"\n', /x\.yaml, line 1: 'name' holds a NUL character/],
    ['data: { source: demo }\narms:\n  - name: "a\\0"\n    loss: arcFace\n', /line 3: 'arms\[0\]\.name' holds a NUL/],
  ] as const) {
    assert.throws(() => parseExperiment(text, 'x.yaml'), { code: 'wrong-input', message: sentence });
  }
});

test('a folder of faces whose path is too long for a name is no fault of the program', () => {
  const deep = join(folder, 'x'.repeat(150), 'y'.repeat(150));
  mkdirSync(deep, { recursive: true });
  const { status, stderr } = arcbench(['import', deep, '--workspace', join(folder, 'deep')]);
  assert.equal(status, 2, stderr);
  assert.doesNotMatch(stderr, /fault of the program/);
});
