// A run of very many classes through the training loop: it is stopped in the middle of an epoch and resumed, and once
// goes through without a stop. Tells start, checkpoint and resume, and whether both ways end with the same bits:
//   classRun.ts CLASSES RATE NUMBERS
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentSchema } from '../../src-shared/experiment.ts';
import type { PackedImages } from '../../src-main/data/preparedSet.ts';
import { runFiles } from '../../src-main/files/workspaceFolders.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { trainRun } from '../../src-main/train/trainRun.ts';
import { bareTraining } from './bareTraining.ts';

const [classes = 0, rate = 1, embeddingSize = 0] = process.argv.slice(2).map(Number);
const steps = 12; // of the only epoch
const stopAfter = 5; // steps
const batchSize = 32;
const valImages = 64;
const plan = experimentSchema.parse({
  prepare: { inputSize: 32 },
  model: { backbone: 'smallcnn', embeddingSize },
  training: { epochs: 1, batchSize, classSampleRate: rate, learningRate: 0.01 },
});
const network = buildNetwork(plan.model, plan.prepare.inputSize);
/** Pictures that are computed from their number: a file of a million would take gigabytes. */
const packed: PackedImages = {
  readInto(indexes, target) {
    const bytes = plan.prepare.inputSize ** 2 * 3;
    for (let row = 0; row < indexes.length; row++)
      for (let at = 0; at < bytes; at++) target[row * bytes + at] = (Math.imul(indexes[row]! + 1, at + 7) >>> 3) & 255;
  },
  close: () => undefined,
};
const part = (count: number, first: number) => ({
  indexes: Array.from({ length: count }, (_, row) => first + row),
  labels: Int32Array.from({ length: count }, (_, row) => Math.floor((row * classes) / count)),
});

interface Went {
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly lastCheckpoint: string;
  readonly checkpointBytes: number;
}

async function run(runFolder: string, options: { readonly resume: boolean; readonly stopped: boolean }): Promise<Went> {
  mkdirSync(runFolder, { recursive: true });
  const began = performance.now();
  let firstStep = 0;
  let lastStep = 0;
  let done = 0;
  const { machine } = await trainRun(
    bareTraining(plan, {
      network,
      classes,
      packed,
      train: part(steps * batchSize, 0),
      val: part(valImages, 10_000),
      runFolder,
      resume: options.resume,
      mustResume: options.resume,
      shouldStop: () => options.stopped && done >= stopAfter,
      onProgress: () => {
        firstStep ||= performance.now();
        lastStep = performance.now();
        done++;
      },
    }),
  );
  machine.dispose(); // its variables take gigabytes, and the next run has its own
  const folder = join(runFiles(runFolder).checkpoints, 'last');
  const { sha256 } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { readonly sha256: string };
  return {
    startSeconds: (firstStep - began) / 1000,
    stepSeconds: (lastStep - firstStep) / 1000 / Math.max(1, done - 1),
    lastCheckpoint: sha256,
    checkpointBytes: statSync(join(folder, 'state.bin')).size,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'arcbench-classes-'));
try {
  const stopped = await run(join(folder, 'stopped'), { resume: false, stopped: true });
  const resumed = await run(join(folder, 'stopped'), { resume: true, stopped: false });
  rmSync(join(folder, 'stopped'), { recursive: true });
  const whole = await run(join(folder, 'whole'), { resume: false, stopped: false });
  console.log(
    JSON.stringify({
      startSeconds: stopped.startSeconds,
      resumeSeconds: resumed.startSeconds,
      stepSeconds: whole.stepSeconds,
      checkpointBytes: whole.checkpointBytes,
      sameBits: resumed.lastCheckpoint === whole.lastCheckpoint,
      memoryGiB: process.resourceUsage().maxRSS / 2 ** 20,
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
