import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { refuseSmallAddressSpace } from '../../src-main/doors/cli/addressSpace.ts';
import { memorySentence, trainerEnd } from '../../src-main/trainer/trainerEnd.ts';
import { arcbench, trainersOf, writeFaultExperiment } from './faultExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-memory-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const run = ['--run', writeFaultExperiment(join(folder, 'faults.yaml')), '--workspace', join(folder, 'workspace')];
const hasEngine = (processId: number) => readFileSync(`/proc/${processId}/maps`, 'utf8').includes('libtensorflow');
const sizeOf = (processId: number) =>
  1024 * Number(/VmSize:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1] ?? 0);

test(
  'a trainer that gets no more memory, or is killed for it, is a sentence and exit code 1, and the run goes on ' +
    'when there is some',
  async () => {
    for (const cause of ['RLIMIT_AS', 'SIGKILL'] as const) {
      let hit = false;
      const strike = (): void => {
        const [trainer] = trainersOf(started.child.pid as number);
        if (trainer === undefined || !hasEngine(trainer)) {
          if (started.child.exitCode === null) setTimeout(strike, 20); // it has not begun yet
          return;
        }
        const size = sizeOf(trainer);
        hit = true;
        if (cause === 'SIGKILL')
          process.kill(trainer, 'SIGKILL'); // as the system's OOM killer does
        else execFileSync('prlimit', ['--pid', String(trainer), `--as=${size + 2 ** 24}`]);
      };
      const started = arcbench([...run, '--resume'], (line) => {
        if (line.startsWith('Training cross')) strike();
      });
      const { code, stderr } = await started.ended;
      assert.ok(hit, stderr);
      assert.equal(code, 1, stderr);
      assert.match(
        stderr.trim().split('\n').at(-1) ?? '',
        cause === 'SIGKILL'
          ? /^The trainer was killed \(SIGKILL\), as the system does where memory runs out: .*batchSize.*resume/
          : /^The trainer ended .*memory.*batchSize.*resume/,
      );
      assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
    }
    const resumed = await arcbench([...run, '--resume']).ended;
    assert.equal(resumed.code, 0, resumed.stderr);
  },
);

test('too small an address space is refused before V8 aborts in it', async () => {
  const started = arcbench(run, undefined, { through: ['prlimit', `--as=${3 * 2 ** 30}`] });
  const { code, stderr } = await started.ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^The address space of this process is limited to 3\.0 GiB .*ulimit -v unlimited.*\n$/);
  assert.doesNotThrow(() =>
    refuseSmallAddressSpace('Max address space         unlimited            unlimited            bytes'),
  );
  assert.throws(
    () => refuseSmallAddressSpace('Max address space         4294967296           unlimited            bytes'),
    /4\.0 GiB/,
  );
});

test('a lack of memory is recognised by what libraries say about it', () => {
  for (const said of [
    "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
    'OOM when allocating tensor with shape[64,512]',
    'Array buffer allocation failed',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'Thread tf_Compute creation via pthread_create() failed.',
  ]) {
    assert.match(memorySentence(said) ?? '', /memory ran out/, said);
  }
  assert.equal(memorySentence('Invalid argument: logits and labels must have the same first dimension'), null);
  assert.match(
    trainerEnd({
      code: 1,
      signal: null,
      said: 'TypeError: x is not a function\n    at y (z.ts:1:2)\n\nNode.js v24.21.0\n',
    }),
    /\(exit code 1: TypeError: x is not a function\): resume/,
  );
});
