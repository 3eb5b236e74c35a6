// How the number of classes tells on the step, each in a process of its own: 500 and 10,000 in turn, against drift of
// the machine, then 100,000 with a tenth drawn (Partial FC). At last a run of 360,000 classes, as in Glint360K, that is
// stopped and resumed. `npm run bench:classes -- --run` does only this run.
import { fileURLToPath } from 'node:url';
import { heapArguments } from '../../src-main/files/heapArguments.mjs';
import { contender, median, publish } from './measured.ts';

/** Processor seconds are those of all cores together, which other work on the machine disturbs less. */
interface Step {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly startSeconds: number;
  readonly memoryGiB: number;
  readonly losses: readonly [number, number];
}
const step = (classes: number, rate: number): Step => {
  const measured = contender<Step>(process.execPath, [
    fileURLToPath(new URL('classStep.ts', import.meta.url)),
    String(classes),
    String(rate),
    'arcFace',
  ]);
  if (!measured) throw new Error('The step could not be measured: see the message above.');
  return measured;
};
/** A run of a small network that is stopped in the middle of an epoch, and resumed. */
interface Run {
  readonly startSeconds: number;
  readonly resumeSeconds: number;
  readonly stepSeconds: number;
  readonly checkpointBytes: number;
  readonly sameBits: boolean;
  readonly memoryGiB: number;
}

function publishRun(classes: number): void {
  const program = fileURLToPath(new URL('classRun.ts', import.meta.url));
  const numbers = 512; // of an embedding
  const run = contender<Run>(process.execPath, [...heapArguments(), program, `${classes}`, '0.1', `${numbers}`]);
  if (!run) throw new Error('The run could not be measured: see the message above.');
  const same = run.sameBits ? 'the same bits' : 'OTHER BITS';
  publish(`A run of ${classes.toLocaleString('en')} classes, a tenth drawn, smallcnn, ${numbers} numbers`, [
    { name: 'start, until the first step is done', value: run.startSeconds, unit: 's' },
    { name: `resumed: ${same} as without a stop`, value: run.resumeSeconds, unit: 's', met: run.sameBits },
    { name: 'step of 32 pictures', value: run.stepSeconds, unit: 's' },
    { name: 'checkpoint', value: run.checkpointBytes / 2 ** 30, unit: 'GiB' },
    { name: 'memory at most', value: run.memoryGiB, unit: 'GiB' },
  ]);
}

if (process.argv.includes('--run')) {
  publishRun(360_000);
  process.exit();
}
const turns = [0, 1].map(() => ({ few: step(500, 1), many: step(10_000, 1) }));
const few = median(turns.map((turn) => turn.few.seconds));
const many = median(turns.map((turn) => turn.many.seconds));
const ratio = median(turns.map((turn) => turn.many.seconds / turn.few.seconds));
const drawn = step(10_000, 0.1);
const drawnOfMany = step(100_000, 0.1);
const [first, last] = drawnOfMany.losses;
publish(
  'Training step by number of classes, resnet18, 112 x 112, batch 64, ArcFace, 512 numbers an embedding, SGD ' +
    'with momentum',
  [
    { name: '500 classes, full softmax', value: few, unit: 's' },
    { name: '10,000 classes, full softmax', value: many, unit: 's' },
    { name: '10,000 classes, 1,000 drawn', value: drawn.seconds, unit: 's' },
    {
      name: '10,000 against 500, full softmax, processor time',
      value: median(turns.map((turn) => turn.many.processorSeconds / turn.few.processorSeconds)),
      unit: 'x',
    },
    { name: '10,000 against 500, full softmax', value: ratio, unit: 'x', goal: '< 1.3', met: ratio < 1.3 },
    { name: '100,000 classes, 10,000 drawn', value: drawnOfMany.seconds, unit: 's' },
    {
      name: '  its loss after seven steps of one batch',
      value: last,
      unit: '',
      goal: `< ${first.toPrecision(3)}, the first`,
      met: last < first,
    },
    { name: '  its start: initial weights, graph', value: drawnOfMany.startSeconds, unit: 's' },
    { name: '  its memory at most', value: drawnOfMany.memoryGiB, unit: 'GiB' },
  ],
);
publishRun(360_000);
