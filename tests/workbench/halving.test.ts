import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { resumableRun } from '../../src-main/workbench/experiment/resumeRun.ts';
import { resultHash } from '../../src-main/workbench/results/resultHash.ts';
import { runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import { haltOf } from '../../src-main/workbench/experiment/haltOf.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-halving-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plan = parseExperiment(
  `name: Halved
data: { demo: { people: 10, imagesPerPerson: 8 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0.1 }
model: { embeddingSize: 16 }
training: { epochs: 4, batchSize: 16, learningRate: 0.05 }
arms: [{ name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }]
sweep: { knobs: { arms.ArcFace.loss.scale: [4, 16, 64] }, halving: { factor: 2, firstEpochs: 1 } }
`,
  'halved.yaml',
);

/**
 * Runs the sweep in a workspace, stopped during the so-manieth training where one is given, and tells how each run
 * ended.
 */
async function halved(
  workspace: string,
  {
    stopAt = Infinity,
    interrupted = 'refuse',
  }: { readonly stopAt?: number; readonly interrupted?: 'refuse' | 'resume' } = {},
) {
  const store = openStore(join(folder, workspace));
  const stopper = new AbortController();
  let trainings = 0;
  const quiet = () => undefined;
  try {
    const { report } = await runExperiment(
      {
        store,
        plan,
        baseFolder: folder,
        rerunCommand: 'again',
        signal: stopper.signal,
        progress: { stage: quiet, step: quiet, notice: quiet },
        onTraining: () => {
          if (++trainings === stopAt) stopper.abort();
        },
      },
      { interrupted, compiled: true, engine: 'cpu' },
    );
    return {
      trainings,
      report: readFileSync(report, 'utf8'),
      ends: store.runs().map((run) => ({
        id: run.id,
        arm: run.arm,
        status: run.status,
        halving: haltOf(store, run.id),
        hash: resultHash(store, run.id),
        epochs: store.curve(run.id, 'val/accuracy').map(([, , value]) => value),
      })),
    };
  } finally {
    store.close();
  }
}

test(
  'a halved sweep trains on from checkpoints, ends the same after a stop in its last round, and has one result ' +
    'hash',
  async () => {
    const whole = await halved('whole');
    // Three candidates, one of them to the end.
    assert.equal(whole.trainings, 3 + 1);
    assert.deepEqual(whole.ends.map(({ epochs }) => epochs.length).sort(), [1, 1, 4]);
    assert.deepEqual(
      whole.ends
        .flatMap(({ halving }) => (halving ? [[halving.round, halving.rounds, halving.place, halving.candidates]] : []))
        .sort(),
      [
        [1, 2, 2, 3],
        [1, 2, 3, 3],
      ],
    );
    const first = whole.ends.map(({ epochs, halving }) => ({
      accuracy: epochs[0] as number,
      stopped: halving?.round === 1,
    }));
    assert.ok(
      Math.min(...first.filter(({ stopped }) => !stopped).map(({ accuracy }) => accuracy)) >=
        Math.max(...first.filter(({ stopped }) => stopped).map(({ accuracy }) => accuracy)),
      'the better ones by val went on',
    );
    assert.match(whole.report, /Successive halving: 3 variants train to epoch 1 and the best of them to epoch 4/);

    await assert.rejects(halved('stopped', { stopAt: 4 }), /Stopped/);
    const resumed = await halved('stopped', { interrupted: 'resume' });
    assert.deepEqual(resumed.ends, whole.ends);
    assert.ok(resumed.ends.filter(({ status }) => status === 'done').every(({ hash }) => hash !== null));
    // A third call trains nothing and writes the same report.
    const again = await halved('stopped');
    assert.deepEqual([again.trainings, again.report], [0, resumed.report]);

    const store = openStore(join(folder, 'whole'));
    assert.throws(() => resumableRun(store, whole.ends.find(({ halving }) => halving)?.id ?? ''), /go on together/);
    store.close();
  },
);
