import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/trainArms.ts';
import { contender, publish } from './measured.ts';

const bare = () => contender<{ train: number; evaluate: number }>(process.execPath, [fileURLToPath(new URL('trainStep.ts', import.meta.url)), 'compiled']) ?? { train: Number.NaN, evaluate: Number.NaN };
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-epoch-'));
const before = bare();
const store = openStore(workspace);
const batchSize = 64;
const marks: { epoch: number; done: number; total: number; at: number }[] = [];
try {
  const plan = experimentSchema.parse({
    data: { demo: { people: 560, imagesPerPerson: 8 } }, prepare: { inputSize: 112 }, split: { query: 0.05, distractors: 0.05 }, model: { backbone: 'resnet18', embeddingSize: 512 },
    training: { epochs: 2, batchSize, learningRate: 0.01, augmentation: { flip: 0.5, shift: 0.05, zoom: 0.1, brightness: 0.2, contrast: 0.2, saturation: 0.2, grey: 0.1, erase: 0.2 } },
    arms: [{ name: 'bench', loss: 'crossEntropy' }],
  });
  const options = {
    store, plan, baseFolder: workspace, rerunCommand: 'npm run bench:epoch', signal: new AbortController().signal,
    progress: {
      stage: (text: string) => process.stderr.write(`${text}\n`), notice: (text: string) => process.stderr.write(`  ${text}\n`),
      step: ({ done, total, note }: { done: number; total: number; note: string }) => {
        const epoch = /^epoch (\d+)/.exec(note)?.[1];
        if (epoch) marks.push({ epoch: Number(epoch), done, total, at: performance.now() });
      },
    },
  };
  await trainArms(options, await gatherSplit(options), { interrupted: 'restart', compiled: true, engine: 'auto', evaluate: false });
} finally {
  store.close();
  rmSync(workspace, { recursive: true });
}
const after = bare();
// From the end of epoch 1's batches to the end of epoch 2's, less the val part, which the first batch's mark leaves out.
const second = marks.filter((mark) => mark.epoch === 2);
const [first, last] = [second[0], second.at(-1)];
if (!first || !last) throw new Error('The second epoch left no marks.');
const product = ((last.done - first.done) * batchSize) / ((last.at - first.at) / 1000);
const step = (before.train + after.train) / 2;
const evaluation = (before.evaluate + after.evaluate) / 2;
publish('A whole epoch through the product: reading, augmentation, metrics, messages, SQLite', [
  { name: 'bare step', value: step, unit: 'img/s' },
  { name: 'product', value: product, unit: 'img/s' },
  { name: 'product against bare step', value: product / step, unit: 'x', goal: '>= 0.93', met: product / step >= 0.93 },
  { name: 'evaluation', value: evaluation, unit: 'img/s' },
  { name: 'evaluation against bare step', value: evaluation / step, unit: 'x', goal: '>= 2.5', met: evaluation / step >= 2.5 },
]);
