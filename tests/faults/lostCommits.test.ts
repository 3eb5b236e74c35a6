import assert from 'node:assert/strict';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { arcbench, trainersOf, writeFaultExperiment } from './faultExperiment.ts';
import { differences, workspaceState } from './workspaceState.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-lost-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const experiment = writeFaultExperiment(join(folder, 'faults.yaml'), { epochs: 4 });
const workspace = join(folder, 'workspace');
const killed = join(folder, 'killed');
const run = ['--run', experiment, '--workspace', workspace];
const log = join(workspace, 'arcbench.db-wal');
const cut = (share: number) => (frames: Buffer) => frames.subarray(0, Math.floor(frames.length * share));
/** What of the log is kept. */
const damages: Readonly<Record<string, (frames: Buffer) => Buffer | null>> = {
  ...Object.fromEntries([0.5, 0.7, 0.9].map((share) => [`truncated to ${share}`, cut(share)])),
  'a bit flipped at 0.85': (frames) => {
    const at = Math.floor(frames.length * 0.85);
    frames[at] = (frames[at] as number) ^ 4;
    return frames;
  },
  deleted: () => null,
};

test(
  'a run that is killed and whose write-ahead log is damaged before it is resumed ends with the bits of one ' +
    'that was not',
  { timeout: 280_000 },
  async (context) => {
    const whole = await arcbench(run).ended;
    assert.equal(whole.code, 0, whole.stderr);
    const reference = workspaceState(workspace);
    rmSync(workspace, { recursive: true });

    let epochs = 0;
    const { child, ended } = arcbench(run, (line) => {
      if (!/epoch \d+\/4/.test(line) || ++epochs < 7) return; // the third of the second run
      for (const trainer of trainersOf(child.pid as number)) process.kill(trainer, 'SIGKILL');
      child.kill('SIGKILL');
    });
    await ended;
    await wait(100);
    assert.ok(existsSync(log), 'the log was to be there');
    renameSync(workspace, killed);

    const restored: string[] = [];
    for (const [how, damage] of Object.entries({
      ...damages,
      'truncated, and the second copy deleted': cut(0.8),
      'truncated, and a line of points.log cut off and repaired': cut(0.8),
    })) {
      cpSync(killed, workspace, { recursive: true });
      const frames = damage(readFileSync(log));
      if (frames === null) rmSync(log);
      else writeFileSync(log, frames);
      if (how.includes('second copy'))
        for (const name of readdirSync(join(workspace, 'runs'))) rmSync(join(workspace, 'runs', name, 'points.log'));
      if (how.includes('a line'))
        for (const name of readdirSync(join(workspace, 'runs')))
          appendFileSync(join(workspace, 'runs', name, 'points.log'), '0123456789abcdef [{"name":');
      const database = new Database(join(workspace, 'arcbench.db'));
      const [rows, points] = ['run', 'point'].map((table) =>
        database.prepare('SELECT count(*) FROM sqlite_master WHERE name = ?').pluck().get(table) === 1
          ? database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
          : 0,
      );
      database.close();
      // it took away once what the database lacked
      if (how.includes('repaired')) await arcbench(['check', '--repair', '--workspace', workspace]).ended;
      const resumed = await arcbench([...run, '--resume']).ended;
      assert.equal(resumed.code, 0, `${how}: ${resumed.stderr}`);
      if (how.includes('repaired')) assert.doesNotMatch(resumed.stderr, /has lost points/);
      assert.deepEqual(differences(reference, workspaceState(workspace)), [], how);
      const check = await arcbench([
        'check',
        ...(how.includes('second copy') ? ['--repair'] : []),
        '--workspace',
        workspace,
      ]).ended;
      assert.equal(check.code, 0, `${how}: ${check.stdout}${check.stderr}`);
      if (how.includes('second copy'))
        assert.match(
          resumed.stderr,
          /the database has lost points of run \w+ from before its checkpoint, and .*points\.log does not hold them: it is trained again from the start/,
        );
      restored.push(`${how}: ${rows} runs and ${points} points were left`);
      rmSync(workspace, { recursive: true });
    }
    context.diagnostic(restored.join('; '));
  },
);
