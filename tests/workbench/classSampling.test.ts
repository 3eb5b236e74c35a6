import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-classes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const planOf = (loss: string) =>
  experimentSchema.parse({
    data: { demo: { people: 24, imagesPerPerson: 6 } },
    prepare: { inputSize: 32 },
    split: { query: 0, distractors: 0 },
    model: { embeddingSize: 16 },
    training: { epochs: 3, batchSize: 8, learningRate: 0.02, classSampleRate: 0.5 },
    arms: [{ name: loss, loss }],
  });

/**
 * Trains, stopping once behind the second batch of an epoch where one is named, and returns the bytes of the last
 * checkpoint.
 */
async function train(workspace: string, stopAt: string | null): Promise<Buffer> {
  const store = openStore(join(folder, workspace));
  try {
    const plan = planOf('arcFace');
    const run = async (interrupted: 'refuse' | 'resume') => {
      const stopper = new AbortController();
      const options = {
        store,
        plan,
        baseFolder: folder,
        rerunCommand: 'test',
        signal: stopper.signal,
        progress: {
          stage: () => undefined,
          notice: () => undefined,
          step: ({ done, total, note }: { done: number; total: number; note: string }) => {
            if (
              interrupted === 'refuse' &&
              stopAt !== null &&
              note.startsWith(stopAt) &&
              done % (total / plan.training.epochs) === 2
            )
              stopper.abort();
          },
        },
      };
      return await trainArms(options, await gatherSplit(options), {
        interrupted,
        compiled: true,
        engine: 'cpu',
        evaluate: false,
      });
    };
    const [id] =
      stopAt === null
        ? await run('refuse')
        : await assert.rejects(run('refuse'), /resume/).then(async () => await run('resume'));
    return readFileSync(join(folder, workspace, 'runs', id as string, 'checkpoints', 'last', 'state.bin'));
  } finally {
    store.close();
  }
}

test('a run that draws class centres and is stopped in an epoch ends with the same bits as a whole one', async () => {
  const whole = await train('whole', null);
  assert.ok(whole.equals(await train('stopped', 'epoch 2')));
});

test('a loss that cannot draw class centres is refused before anything is trained, with the knob to turn', async () => {
  const store = openStore(join(folder, 'refused'));
  try {
    for (const [loss, reason] of [
      ['adaCos', /adaCos loss computes its scale from all classes.*set training\.classSampleRate to 1/],
      ['proxyAnchor', /not a softmax/],
    ] as const) {
      const options = {
        store,
        plan: planOf(loss),
        baseFolder: folder,
        rerunCommand: 'test',
        signal: new AbortController().signal,
        progress: { stage: () => undefined, notice: () => undefined, step: () => undefined },
      };
      await assert.rejects(gatherSplit(options), reason);
    }
  } finally {
    store.close();
  }
});
