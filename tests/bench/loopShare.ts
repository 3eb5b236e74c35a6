// Which share of the training loop the engine computes, in one process, so that other work on the machine hardly tells:
//   npm run bench:loop -- --backbones resnet18,mobilefacenet --steps 12
// The rest is reading pixels, every random draw, counting, and points for the curves.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { openPackedImages, type PackedImages } from '../../src-main/data/preparedSet.ts';
import { binding } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { trainRun } from '../../src-main/train/trainRun.ts';
import { allAugmentations, bareTraining } from './bareTraining.ts';
import { publish } from './measured.ts';
import { optionOf } from './optionOf.ts';

const batchSize = 64;
const inputSize = 112;
const people = 500;
const goal = 0.97;

const backbones = optionOf('backbones', 'resnet18,mobilefacenet,iresnet18').split(',');
const steps = Number(optionOf('steps', '12'));
const images = steps * batchSize;

let engineMilliseconds = 0;
const runSession = binding.runSavedModel.bind(binding);
binding.runSavedModel = (...given) => {
  const began = performance.now();
  const outputs = runSession(...given);
  engineMilliseconds += performance.now() - began;
  return outputs;
};

function writePacked(folder: string): PackedImages {
  const random = randomStream(1, 'pixels');
  const pixels = Uint8Array.from({ length: inputSize ** 2 * 3 }, () => random.integer(256));
  const file = openSync(join(folder, 'images.bin'), 'w');
  for (let image = 0; image < images; image++) writeSync(file, pixels);
  closeSync(file);
  const nothing = { hash: '', images: [], rejected: [], alignment: 'none' };
  return openPackedImages({ folder, inputSize, count: images, ...nothing });
}

/** Trains one epoch, and measures from the end of its first step to that of its last. */
async function shareOfEngine(backbone: string, folder: string): Promise<{ share: number; outside: number }> {
  const plan = experimentSchema.parse({
    prepare: { inputSize },
    model: { backbone, embeddingSize: 512 },
    training: {
      epochs: 1,
      batchSize,
      learningRate: 0.001,
      augmentation: allAugmentations,
    },
  });
  const network = buildNetwork(plan.model, inputSize);
  const runFolder = join(folder, backbone);
  mkdirSync(runFolder);
  const part = (count: number) => ({
    indexes: Array.from({ length: count }, (_, row) => row),
    labels: Int32Array.from({ length: count }, (_, row) => row % people),
  });
  const marks: { readonly at: number; readonly engine: number }[] = [];
  await trainRun(
    bareTraining(plan, {
      network,
      classes: people,
      packed: writePacked(folder),
      train: part(images),
      val: part(batchSize),
      runFolder,
      onProgress: () => marks.push({ at: performance.now(), engine: engineMilliseconds }),
    }),
  );
  rmSync(runFolder, { recursive: true });
  const first = marks[0]!;
  const last = marks.at(-1)!;
  const share = (last.engine - first.engine) / (last.at - first.at);
  return { share, outside: ((1 - share) * (last.at - first.at)) / (marks.length - 1) };
}

const folder = mkdtempSync(join(tmpdir(), 'arcbench-share-'));
try {
  for (const backbone of backbones) {
    const { share, outside } = await shareOfEngine(backbone, folder);
    publish(`The training loop of ${backbone}, ${steps} steps of ${batchSize} pictures, all augmentations`, [
      { name: 'share that the engine computes', value: share, unit: 'x', goal: `>= ${goal}`, met: share >= goal },
      { name: 'the rest, of each step', value: outside, unit: 'ms' },
    ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
