import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arcbench, writeFaultExperiment } from './faultExperiment.ts';
import { differences, workspaceState } from './workspaceState.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-full-'));
const disk = join(folder, 'disk');
const workspace = join(disk, 'workspace');
const experiment = writeFaultExperiment(join(folder, 'faults.yaml'), { epochs: 8 });
const run = ['--run', experiment, '--workspace', workspace];
let refused = '';
before(() => {
  mkdirSync(disk);
  const { status, error, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], {
    encoding: 'utf8',
  });
  if (status !== 0) refused = `no small disk can be mounted here: ${error?.message ?? stderr.trim()}`;
});
after(() => {
  if (refused === '') spawnSync('umount', ['--lazy', disk]);
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a file until the disk is full, but for so many bytes. */
function fill(path: string, bytesLeft: number): void {
  const file = openSync(path, 'w');
  let size = 0;
  try {
    for (const block = Buffer.alloc(4096); ;) size += writeSync(file, block);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    ftruncateSync(file, Math.max(0, size - bytesLeft));
    closeSync(file);
  }
}

/** Runs until a line of stderr, leaves the disk so many bytes from then on, and gives them back at the end. */
async function withFullDisk(at: RegExp, bytesLeft: number, args: readonly string[]) {
  const others = join(disk, 'others');
  let filled = false;
  const outcome = await arcbench(args, (line) => {
    if (filled || !at.test(line)) return;
    filled = true;
    fill(others, bytesLeft);
  }).ended;
  rmSync(others, { force: true });
  assert.ok(filled, outcome.stderr);
  return outcome;
}

test(
  'a disk that fills up while a checkpoint or the report is written is said in a sentence, and the run goes on ' +
    'when there is space',
  async (context) => {
    if (refused !== '') return context.skip(refused);
    const whole = await arcbench(run).ended;
    assert.equal(whole.code, 0, whole.stderr);
    const reference = workspaceState(workspace);
    rmSync(workspace, { recursive: true });

    for (const [what, bytesLeft] of [
      ['nothing', 0],
      ['half a checkpoint', 700_000],
    ] as const) {
      const { code, stderr } = await withFullDisk(
        /epoch 2\/8/,
        bytesLeft,
        what === 'nothing' ? run : [...run, '--restart'],
      );
      assert.equal(code, 1, stderr);
      assert.match(
        stderr.trim().split('\n').at(-1) ?? '',
        /^The disk (is|of .* is) full.*free some space/i,
        `${what} left: ${stderr}`,
      );
      assert.doesNotMatch(stderr, /\bat .*:\d+:\d+/);
    }
    const report = await withFullDisk(/^Writing the report/, 0, [...run, '--resume']);
    assert.equal(report.code, 1, report.stderr);
    assert.match(report.stderr.trim().split('\n').at(-1) ?? '', /^The disk is full.*free some space/i, report.stderr);

    const resumed = await arcbench([...run, '--resume']).ended;
    assert.equal(resumed.code, 0, resumed.stderr);
    const tells = (line: string) => line.includes('The disk is full'); // the events of the failures stay
    assert.deepEqual(
      differences(reference, workspaceState(workspace)).filter((line) => !tells(line)),
      [],
    );
  },
);
