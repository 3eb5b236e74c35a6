import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openStore } from '../../src-main/store/store.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { sayOtherRuns } from '../../src-main/workbench/experiment/sayOtherRuns.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-other-runs-'));
const store = openStore(folder);
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const origin = { baseFolder: '/plans', rerunCommand: 'arcbench --run duel.yaml' };
const before = parseExperiment('name: duel\ntraining: { epochs: 10 }\n', 'duel.yaml');
const changed = parseExperiment('name: duel\ntraining: { epochs: 20, batchSize: 32 }\n', 'duel.yaml');
store.savePlan(planHash(before), before);
store.saveSplit({
  hash: 's',
  seed: 1,
  rule: before.split,
  folder: join(folder, 'splits', 's'),
  manifestHash: 'm',
  audit: [],
});
store.atomically(() => {
  store.createRun({
    id: 'aaaaaaaaaaaa',
    experiment: 'duel',
    arm: 'ArcFace',
    seed: 1,
    planHash: planHash(before),
    splitHash: 's',
  });
  store.saveResult('aaaaaaaaaaaa', 'origin', origin);
});
store.updateRun('aaaaaaaaaaaa', { status: 'cancelled', message: null });

function said(plan: typeof before, run: string, from: Partial<typeof origin> = {}): string {
  const notices: string[] = [];
  const progress = { stage: () => undefined, step: () => undefined, notice: (text: string) => notices.push(text) };
  const signal = new AbortController().signal;
  sayOtherRuns({ store, plan, progress, signal, ...origin, ...from }, planHash(plan), [
    { id: run, arm: 'ArcFace', seed: 1 },
  ]);
  return notices.join('\n');
}

test('--resume with a changed plan says that these are other runs, and what becomes of the first', () => {
  const sentences = said(changed, 'bbbbbbbbbbbb');
  assert.match(sentences, /the plan has changed \(training\.epochs from 10 to 20, training\.batchSize from 64 to 32\)/);
  assert.match(sentences, /these are other runs, and they start from the beginning/);
  assert.match(sentences, /The run before the change \(aaaaaaaaaaaa: ArcFace, seed 1, cancelled\) stays/);
  assert.match(sentences, /undo the change, or use `arcbench runs resume <id>`/);
  // A renamed experiment is known by the command that ran it.
  assert.match(said({ ...changed, name: 'renamed' }, 'cccccccccccc'), /name from "duel" to "renamed"/);
});

test('--resume with other faces says that the split has changed', () => {
  assert.match(said(before, 'bbbbbbbbbbbb'), /the split of the faces has changed, so these are other runs/);
});

test('--resume of the same runs, and of an experiment that never ran, says nothing', () => {
  assert.equal(said(before, 'aaaaaaaaaaaa'), '');
  assert.equal(said(changed, 'bbbbbbbbbbbb', { baseFolder: '/others', rerunCommand: 'arcbench --run x.yaml' }), '');
});
