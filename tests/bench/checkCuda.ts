// Checks the engine on this machine's device, and prints one Markdown table to paste into a report of a fault:
// `npm run check:cuda`. With a card it takes about ten minutes. Without one, or with --small, it takes less than a
// minute for two backbones and two losses.
import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { backboneNames, modelSchema } from '../../src-shared/modelSchema.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { lossNames, lossSchema, type LossPlan } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { compileMachine, createEagerMachine, type Machine } from '../../src-main/engine/graph/compileProgram.ts';
import { describeEngine } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { dropoutNodes, dropoutSeedName, initialState, trainProgram } from '../../src-main/train/programs.ts';
import { drawLossNoise } from '../../src-main/loss/lossNoise.ts';
import { contender } from './measured.ts';

type State = ReadonlyMap<string, Float32Array>;
interface Check {
  readonly name: string;
  readonly result: string;
  readonly passed: boolean;
}
interface Rate {
  readonly train: number;
  readonly memoryGiB: number;
}

const engine = describeEngine();
const onCard = engine.device === 'cuda';
const small = !onCard || process.argv.includes('--small');
const backbones = small ? (['smallcnn', 'mobilefacenet'] as const) : backboneNames;
const losses = small ? (['arcFace', 'triplet'] as const) : lossNames;
const batchSize = 16;
const size = 64;
const classes = 7;

/** A machine's training steps on drawn pictures. */
function stepsOf(backbone: string, loss: LossPlan) {
  const { training } = experimentSchema.parse({ training: { batchSize, augmentation: { flip: 0 } } });
  const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16, dropout: 0.2 }), size);
  const options = { network, loss, classes, training };
  const state = initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 });
  const programs = { train: trainProgram(options) };
  const random = randomStream(1, 'check');
  const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
  const labels = Int32Array.from({ length: batchSize }, (_, index) => index % 5);
  const run = (machine: Machine, first: number, count: number) => {
    for (let step = first; step < first + count; step++)
      machine.step('train', {
        images,
        labels,
        ...Object.fromEntries(dropoutNodes(network).map((node) => [dropoutSeedName(node), Int32Array.of(1, step)])),
        ...drawLossNoise(loss, { seed: 1, epoch: 0, batch: step, batchSize }),
        ...optimizerScalars(training.optimizer, step + 1, 1e-4),
      });
    return machine.readState();
  };
  return { run, create: (make: typeof compileMachine) => make(programs, state) };
}

/** The largest difference of a state, each as a share of the length of what is expected. */
function differenceOf(actual: State, expected: State): number {
  const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return Math.max(
    ...[...expected].map(([name, values]) => {
      const other = actual.get(name)!;
      return length(values.map((value, index) => value - other[index]!)) / (length(values) + 1e-3);
    }),
  );
}

/** One step compiled and op by op. Deep networks amplify rounding, so they get compiledStep.test.ts's tolerance. */
function compiledEqualsEager(backbone: string, loss: LossPlan): Check {
  const { run, create } = stepsOf(backbone, loss);
  const stateAfterStep = (make: typeof compileMachine): State => {
    const machine = create(make);
    const state = run(machine, 0, 1);
    machine.dispose();
    return state;
  };
  const eager = stateAfterStep(createEagerMachine);
  const compiled = stateAfterStep(compileMachine);
  const difference = differenceOf(compiled, eager);
  const tolerance = backbone === 'smallcnn' ? 1e-3 : 5e-2;
  return {
    name: `compiled equals eager: ${backbone}, ${loss.name}`,
    result: `differs by ${difference.toExponential(1)}, at most ${tolerance}`,
    passed: difference <= tolerance, // a number that is none fails
  };
}

/** Four steps at once, once more, and two and two with the state read and written between. */
function equalBits(backbone: string): Check[] {
  const { run, create } = stepsOf(backbone, lossSchema.parse('crossEntropy'));
  const whole = () => {
    const machine = create(compileMachine);
    const state = run(machine, 0, 4);
    machine.dispose();
    return state;
  };
  const first = whole();
  const halfway = create(compileMachine);
  const middle = run(halfway, 0, 2);
  halfway.dispose();
  const resumed = create(compileMachine);
  resumed.writeState(middle);
  const second = run(resumed, 2, 2);
  resumed.dispose();
  const check = (name: string, other: State): Check => {
    const passed = [...first].every(([key, values]) => values.every((value, at) => value === other.get(key)![at]));
    return { name: `${name}: ${backbone}`, result: passed ? 'equal bits' : 'other bits', passed };
  };
  return [check('the same run twice', whole()), check('a resumed run', second)];
}

/** The median utilisation in per cent and the most memory in MiB of the card while `action` runs; null without one. */
async function watchCard<T>(action: () => T): Promise<{ result: T; card: string }> {
  if (!onCard) return { result: action(), card: '-' };
  const child = spawn('nvidia-smi', [
    '--query-gpu=utilization.gpu,memory.used',
    '--format=csv,noheader,nounits',
    '-lms',
    '500',
  ]);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const result = action();
  await new Promise((resolve) => setTimeout(resolve, 100)); // the pipe is read only now
  child.kill();
  const rows = text
    .split('\n')
    .map((line) => line.split(', ').map(Number))
    .filter((row) => row.length === 2);
  const use = rows.map(([share]) => share!).sort((a, b) => a - b)[rows.length >> 1] ?? 0;
  return { result, card: `${use} %, ${Math.max(0, ...rows.map(([, memory]) => memory!))} MiB` };
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** One row: our rate in each precision, PyTorch's best, and what the card did meanwhile. */
async function rateRow(backbone: string): Promise<string> {
  const [batch, steps] = small ? ['4', '1'] : ['64', '20'];
  const ours = (environment: NodeJS.ProcessEnv) =>
    contender<Rate>(process.execPath, [file('trainStep.ts'), 'compiled', backbone, batch, steps], environment);
  const { result, card } = await watchCard(() => ({
    float: ours({ NVIDIA_TF32_OVERRIDE: '0' }),
    tensorFloat: onCard ? ours({}) : null,
  }));
  const torch = small
    ? []
    : ['eager', 'channels_last', 'compiled', 'bfloat16'].map((mode) =>
        contender<Rate>('python3', [file('torchStep.py'), backbone, batch, mode, steps], { TORCH_DEVICE: 'cuda' }),
      );
  const shown = (rate: Rate | null | undefined) => (rate ? rate.train.toPrecision(3) : '-');
  const peers = [0, 1, 2, 3].map((mode) => shown(torch[mode]));
  return `| ${[backbone, shown(result.float), shown(result.tensorFloat), ...peers, card].join(' | ')} |`;
}

/** The card, its driver and its compute capability, as nvidia-smi says; why not, otherwise. */
function describeCard(): string {
  try {
    const query = '--query-gpu=name,driver_version,compute_cap,memory.total';
    return execFileSync('nvidia-smi', [query, '--format=csv,noheader'], { encoding: 'utf8' }).trim();
  } catch {
    return 'none: nvidia-smi does not run here, so the CPU is checked';
  }
}

const checks = [
  ...backbones.map((backbone) => compiledEqualsEager(backbone, lossSchema.parse('crossEntropy'))),
  ...losses.map((name) => compiledEqualsEager('smallcnn', lossSchema.parse(name))),
  ...equalBits('mobilefacenet'),
];
const rates: string[] = [];
for (const backbone of small ? (['smallcnn'] as const) : backboneNames) rates.push(await rateRow(backbone));
const failed = checks.filter(({ passed }) => !passed);
console.log(
  [
    `| What | Value |\n| --- | --- |`,
    `| Device | ${engine.device} |`,
    `| Card | ${describeCard()} |`,
    `| Processor | ${engine.processor}, ${availableParallelism()} cores |`,
    `| TensorFlow, Node | ${engine.tensorflow}, ${process.version} |`,
    ...checks.map(({ name, result, passed }) => `| ${name} | ${result}${passed ? '' : ' **failed**'} |`),
    '',
    '| Images a second | float32 | TF32 | PyTorch eager | channels_last | compiled | bfloat16 | Card |',
    `| --- | --- | --- | --- | --- | --- | --- | --- |`,
    ...rates,
    '',
    failed.length === 0 ? `All ${checks.length} checks passed.` : `${failed.length} of ${checks.length} checks failed.`,
  ].join('\n'),
);
process.exitCode = failed.length === 0 ? 0 : 1;
