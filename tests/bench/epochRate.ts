// A whole epoch through the product against the bare step, for each of some backbones:
//   npm run bench:epoch -- --backbones resnet18,mobilefacenet,iresnet18 --turns 3
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from 'simple-statistics';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { allAugmentations } from './bareTraining.ts';
import { contender, publish } from './measured.ts';
import { optionOf } from './optionOf.ts';

interface Bare {
  readonly train: number;
  readonly evaluate: number;
}
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-epoch-'));
const store = openStore(workspace);
const batchSize = 64;
const goal = 0.97;

const backbones = optionOf('backbones', 'resnet18').split(',');
const turns = Number(optionOf('turns', '3'));

function bare(backbone: string): Bare {
  const program = fileURLToPath(new URL('trainStep.ts', import.meta.url));
  const measured = contender<Bare>(process.execPath, [program, 'compiled', backbone, String(batchSize)]);
  if (!measured) throw new Error('The engine could not be measured: see the message above.');
  return measured;
}

/**
 * Images a second from the end of the second epoch's first batch to that of its last: the val part before is not in it.
 */
async function throughProduct(backbone: string, seed: number): Promise<number> {
  const marks: { done: number; at: number }[] = [];
  const plan = experimentSchema.parse({
    data: { demo: { people: 560, imagesPerPerson: 6 } },
    prepare: { inputSize: 112 },
    split: { query: 0.05, distractors: 0.05 },
    model: { backbone, embeddingSize: 512 },
    seeds: [seed],
    training: {
      epochs: 2,
      batchSize,
      learningRate: 0.01,
      augmentation: allAugmentations,
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

/** In turns, and their medians compared: the machine's speed drifts. */
async function measure(backbone: string): Promise<void> {
  const bares: Bare[] = [];
  const products: number[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    bares.push(bare(backbone));
    products.push(await throughProduct(backbone, turn));
  }
  bares.push(bare(backbone));
  const step = median(bares.map(({ train }) => train));
  const evaluation = median(bares.map(({ evaluate }) => evaluate));
  const product = median(products);
  const ofEpoch = product / step;
  const ofEvaluation = evaluation / step;
  publish(`A whole epoch of ${backbone} through the product: reading, augmentation, metrics, messages, SQLite`, [
    { name: 'bare step', value: step, unit: 'img/s' },
    { name: 'product', value: product, unit: 'img/s' },
    { name: 'product against bare step', value: ofEpoch, unit: 'x', goal: `>= ${goal}`, met: ofEpoch >= goal },
    { name: 'evaluation', value: evaluation, unit: 'img/s' },
    { name: 'evaluation against bare step', value: ofEvaluation, unit: 'x', goal: '>= 2.5', met: ofEvaluation >= 2.5 },
  ]);
}

try {
  for (const backbone of backbones) await measure(backbone);
} finally {
  store.close();
  rmSync(workspace, { recursive: true });
}
