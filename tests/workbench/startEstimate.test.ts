import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { startEstimator } from '../../src-main/workbench/estimate/startEstimate.ts';
import { fillLargeWorkspace } from '../bench/largeWorkspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-estimate-'));
after(() => rmSync(folder, { recursive: true, force: true }));

// Each start once read the plans and the last points of 500 runs: a quarter of a second, and as much garbage.
test('an estimate reads the newest runs of its network, not all of a large workspace', () => {
  const workspace = join(folder, 'workspace');
  fillLargeWorkspace(workspace, { runs: 400, pointsOfCurve: 3 });
  const store = openStore(workspace);
  try {
    const rated = { name: 'imagesPerSecond', step: 1, epoch: 1, value: 200, at: 0 };
    store.addPoints(store.runs().map(({ id }) => ({ run: id, ...rated })));
    const [newest] = store.runPage(1);
    const { model, prepare } = store.plan(newest!.planHash)!;
    const runsRead = (plan: ReturnType<typeof experimentSchema.parse>) => {
      let read = 0;
      const counting: typeof store = {
        ...store,
        latestPoints: (run?: string) => {
          read++;
          return store.latestPoints(run);
        },
      };
      const { rate } = startEstimator(counting, () => null)(plan, null);
      return { read, from: rate?.from.kind };
    };
    const known = runsRead(experimentSchema.parse({ model, prepare }));
    assert.equal(known.from, 'runs');
    assert.ok(known.read <= 40, `${known.read} runs were read`);
    // Where the network is new, all of the newest 500 are looked through.
    const other = runsRead(experimentSchema.parse({ model: { backbone: 'iresnet50' }, prepare: { inputSize: 96 } }));
    assert.equal(other.from, 'otherRuns');
    assert.ok(other.read > 300, `${other.read} runs were read`);
  } finally {
    store.close();
  }
});
