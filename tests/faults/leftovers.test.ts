import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { arcbench, writeFaultExperiment } from './faultExperiment.ts';
import { differences, workspaceState } from './workspaceState.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-leftovers-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test(
  'a run that died between its best and its last checkpoint ends with both, and what dead writers left is ' +
    'named and swept',
  async () => {
    const workspace = join(folder, 'workspace');
    const run = ['--run', writeFaultExperiment(join(folder, 'faults.yaml')), '--workspace', workspace];
    const whole = await arcbench(run).ended;
    assert.equal(whole.code, 0, whole.stderr);
    const checkpoints = readdirSync(join(workspace, 'runs')).map((id) =>
      join(workspace, 'runs', id, 'checkpoints'),
    )[0] as string;
    const id = checkpoints.split('/').at(-2) as string;
    // As if the last epoch had been the best: its checkpoint is written as the best, then as the last.
    assert.ok(!existsSync(join(checkpoints, 'best')), 'a run that is done keeps its last checkpoint only');
    cpSync(join(checkpoints, 'last'), join(checkpoints, 'best'), { recursive: true });
    const store = openStore(workspace);
    store.updateRun(id, { status: 'trained' });
    store.close();
    const judged = await arcbench(run).ended;
    assert.equal(judged.code, 0, judged.stderr);
    const reference = workspaceState(workspace);

    renameSync(join(checkpoints, 'last'), join(checkpoints, 'best'));
    const leftovers = [
      join('splits', 'abc.writing-1'),
      join('reports', 'abc.writing-1'),
      join('datasets', 'abc.json.1.tmp'),
      join('prepared', `${'a'.repeat(64)}.part-1`),
      ...[
        'model.writing-1',
        'weights.safetensors.1.tmp',
        'snapshots/index.json.1.tmp',
        'checkpoints/.writing-1-last',
      ].map((name) => join('runs', id, name)),
    ].map((name) => join(workspace, name));
    for (const path of leftovers) {
      if (path.endsWith('.tmp')) writeFileSync(path, 'cut off');
      else mkdirSync(path);
    }
    const again = openStore(workspace);
    again.updateRun(id, { status: 'running' });
    const faults = await checkWorkspace(again, { repair: false, onProgress: () => undefined }).finally(() =>
      again.close(),
    );
    assert.deepEqual(faults.map(({ path }) => path).sort(), leftovers.sort());

    const resumed = await arcbench([...run, '--resume']).ended;
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(
      leftovers.filter((path) => existsSync(path)),
      [],
    );
    // The run is judged once more, and that is an event.
    assert.deepEqual(
      differences(reference, workspaceState(workspace)).filter((line) => !line.startsWith('table event')),
      [],
    );
  },
);
