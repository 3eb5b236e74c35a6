import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { refusePrecision } from '../../src-main/engine/refusePrecision.ts';
import { backboneNames } from '../../src-shared/modelSchema.ts';
import type { Precision } from '../../src-shared/trainingSchema.ts';
import { contender, publish, type Row } from './measured.ts';
import { optionOf } from './optionOf.ts';

interface Measured {
  readonly train: number;
  readonly memoryGiB: number;
  /** From the start of the process until the first step can begin. */
  readonly startSeconds: number;
}
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const torchModes = ['eager', 'channels_last', 'compiled', 'bfloat16'] as const;

/**
 * Trains each backbone for a few steps here and in PyTorch's fastest modes, and prints rate, memory and start-up as
 * ratios. `--backbones a,b`, `--batch 64`, `--steps 4` and `--modes eager,bfloat16` choose a part, since all of them
 * take an hour on two cores.
 */
export function compareBackbones(): void {
  const batch = optionOf('batch', '64');
  const steps = optionOf('steps', '4');
  const modes = optionOf('modes', torchModes.join()).split(',');
  const hasTorch = contender('python3', ['-c', 'import torch; print("{}")']) !== null;
  if (!hasTorch)
    console.log(
      'PyTorch is not measured: python3 has no torch. Get it with `python3 -m pip install torch`, or name its folder ' +
        'in PYTHONPATH.',
    );
  console.log(`Processor: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`);
  for (const backbone of optionOf('backbones', backboneNames.join()).split(',')) {
    const run = [backbone, batch];
    const ours = (precision: Precision = 'float32') =>
      contender<Measured>(process.execPath, [file('trainStep.ts'), 'compiled', ...run, steps, precision]);
    const before = ours();
    if (!before) throw new Error(`${backbone} could not be measured: see the message above.`);
    const torch = new Map(
      (hasTorch ? modes : []).map((mode) => [
        mode,
        contender<Measured>('python3', [file('torchStep.py'), ...run, mode, steps]),
      ]),
    );
    const isLow = modes.includes('bfloat16') && refusePrecision('bfloat16', { engine: 'auto' }) === null;
    const low = isLow ? ours('bfloat16') : null;
    const after = ours() ?? before; // before and after PyTorch, against drift of the machine
    publish(`Training step, ${backbone}, 112 x 112, batch ${batch}, 500 classes, SGD`, [
      ...rowsOf({ ...before, train: (before.train + after.train) / 2 }, low, torch),
    ]);
  }
}

/** What was measured, then the ratios with their goals. */
function rowsOf(own: Measured, ownLow: Measured | null, torch: ReadonlyMap<string, Measured | null>): Row[] {
  const measured = [...torch].flatMap(([mode, each]) => (each ? [{ mode, ...each }] : []));
  const fastest = (low: boolean) => {
    const rates = measured.filter(({ mode }) => (mode === 'bfloat16') === low).map(({ train }) => train);
    return rates.length === 0 ? null : Math.max(...rates);
  };
  const float = fastest(false);
  const low = fastest(true);
  const floats = measured.filter(({ mode }) => mode !== 'bfloat16');
  const leastMemory = floats.length === 0 ? null : Math.min(...floats.map(({ memoryGiB }) => memoryGiB));
  const ratio = (value: number | null, goal: (ratio: number) => boolean) => ({
    value,
    unit: 'x',
    met: value === null ? null : goal(value),
  });
  return [
    { name: 'ArcBench', value: own.train, unit: 'img/s' },
    { name: 'ArcBench, bfloat16', value: ownLow?.train ?? null, unit: 'img/s' },
    ...[...torch].map(([mode, each]): Row => ({
      name: `PyTorch, ${mode}`,
      value: each?.train ?? null,
      unit: 'img/s',
    })),
    { name: 'ArcBench: memory', value: own.memoryGiB, unit: 'GiB' },
    { name: 'ArcBench, bfloat16: memory', value: ownLow?.memoryGiB ?? null, unit: 'GiB' },
    { name: 'PyTorch: least memory in float32', value: leastMemory, unit: 'GiB' },
    { name: "against PyTorch's best in float32", goal: '>= 2', ...ratio(float && own.train / float, (x) => x >= 2) },
    {
      name: "the faster of ours against PyTorch's bfloat16",
      goal: '>= 1.3',
      ...ratio(low && Math.max(own.train, ownLow?.train ?? 0) / low, (x) => x >= 1.3),
    },
    { name: 'bfloat16 against our float32', ...ratio(ownLow && ownLow.train / own.train, () => true), met: null },
    {
      name: 'memory against PyTorch',
      goal: '<= 1.2',
      ...ratio(leastMemory && own.memoryGiB / leastMemory, (x) => x <= 1.2),
    },
    { name: 'start', value: own.startSeconds, unit: 's', goal: '<= 10', met: own.startSeconds <= 10 },
  ];
}
