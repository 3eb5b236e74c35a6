import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from 'simple-statistics';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { contender, publish } from './measured.ts';

interface Bare {
  readonly train: number;
  readonly evaluate: number;
}
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-epoch-'));
const store = openStore(workspace);
const batchSize = 64;

function bare(): Bare {
  const measured = contender<Bare>(process.execPath, [
    fileURLToPath(new URL('trainStep.ts', import.meta.url)),
    'compiled',
  ]);
  if (!measured) throw new Error('The engine could not be measured: see the message above.');
  return measured;
}

/**
 * Images a second from the end of the second epoch's first batch to that of its last: the val part before is not in it.
 */
async function throughProduct(seed: number): Promise<number> {
  const marks: { done: number; at: number }[] = [];
  const plan = experimentSchema.parse({
    data: { demo: { people: 560, imagesPerPerson: 8 } },
    prepare: { inputSize: 112 },
    split: { query: 0.05, distractors: 0.05 },
    model: { backbone: 'resnet18', embeddingSize: 512 },
    seeds: [seed],
    training: {
      epochs: 2,
      batchSize,
      learningRate: 0.01,
      augmentation: {
        flip: 0.5,
        shift: 0.05,
        zoom: 0.1,
        brightness: 0.2,
        contrast: 0.2,
        saturation: 0.2,
        grey: 0.1,
        erase: 0.2,
      },
    },
    arms: [{ name: 'bench', loss: 'crossEntropy' }],
  });
  const options = {
    store,
    plan,
    baseFolder: workspace,
    rerunCommand: 'npm run bench:epoch',
    signal: new AbortController().signal,
    progress: {
      stage: (text: string) => process.stderr.write(`${text}\n`),
      notice: (text: string) => process.stderr.write(`  ${text}\n`),
      step: ({ done, note }: { done: number; note: string }) => {
        if (note.startsWith('epoch 2')) marks.push({ done, at: performance.now() });
      },
    },
  };
  await trainArms(options, await gatherSplit(options), {
    interrupted: 'restart',
    compiled: true,
    engine: 'auto',
    evaluate: false,
  });
  const first = marks[0];
  const last = marks.at(-1);
  if (!first || !last) throw new Error('The second epoch left no marks.');
  return ((last.done - first.done) * batchSize) / ((last.at - first.at) / 1000);
}

// In turns, and their medians compared: the machine's speed drifts.
const bares: Bare[] = [];
const products: number[] = [];
try {
  for (const seed of [1, 2, 3]) {
    bares.push(bare());
    products.push(await throughProduct(seed));
  }
  bares.push(bare());
} finally {
  store.close();
  rmSync(workspace, { recursive: true });
}
const step = median(bares.map(({ train }) => train));
const evaluation = median(bares.map(({ evaluate }) => evaluate));
const product = median(products);
publish('A whole epoch through the product: reading, augmentation, metrics, messages, SQLite', [
  { name: 'bare step', value: step, unit: 'img/s' },
  { name: 'product', value: product, unit: 'img/s' },
  { name: 'product against bare step', value: product / step, unit: 'x', goal: '>= 0.93', met: product / step >= 0.93 },
  { name: 'evaluation', value: evaluation, unit: 'img/s' },
  {
    name: 'evaluation against bare step',
    value: evaluation / step,
    unit: 'x',
    goal: '>= 2.5',
    met: evaluation / step >= 2.5,
  },
]);
