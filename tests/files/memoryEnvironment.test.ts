import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { memoryEnvironment } from '../../src-main/files/memoryEnvironment.mjs';

const folder = new URL('../../src-main/files/', import.meta.url).href;

/** What two later programs see of these variables: one that inherits all, and one of our own that computes. */
function seen(given: NodeJS.ProcessEnv): [Record<string, string>, Record<string, string>] {
  const program = `
    const { memoryEnvironment } = await import('${folder}memoryEnvironment.mjs');
    const { inheritedEnvironment } = await import('${folder}programEnvironment.mjs');
    Object.assign(process.env, memoryEnvironment());
    const seen = (env) => Object.fromEntries(Object.keys(memoryEnvironment()).map((name) => [name, env[name]]));
    console.log(JSON.stringify([seen(process.env), seen(inheritedEnvironment())]));`;
  const { MALLOC_ARENA_MAX: _, ...env } = process.env;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...env, ...given },
      encoding: 'utf8',
    }),
  ) as ReturnType<typeof seen>;
}

test('the workbench gives memory back, and a trainer keeps the memory of its tensors', () => {
  const [workbench, trainer] = seen({});
  assert.deepEqual(workbench, memoryEnvironment());
  assert.deepEqual(trainer, {});
});

test('a setting of the user stays, for both', () => {
  const [workbench, trainer] = seen({ MALLOC_ARENA_MAX: '77' });
  assert.deepEqual(workbench, { ...memoryEnvironment(), MALLOC_ARENA_MAX: '77' });
  assert.deepEqual(trainer, { MALLOC_ARENA_MAX: '77' });
});
