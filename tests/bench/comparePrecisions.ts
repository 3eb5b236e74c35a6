import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { backboneNames } from '../../src-shared/modelSchema.ts';
import type { Precision } from '../../src-shared/trainingSchema.ts';
import { contender, publish } from './measured.ts';
import { optionOf } from './optionOf.ts';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Trains each backbone a few steps in float32 and in bfloat16, and in PyTorch's bfloat16, and prints images a second of
 * processor time: a ratio of such rates holds on a machine that does other work too. `--backbones`, `--batch` and
 * `--steps` choose a part.
 */
export function comparePrecisions(): void {
  const run = [optionOf('batch', '64'), optionOf('steps', '6')] as const;
  console.log(`Processor: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`);
  for (const backbone of optionOf('backbones', backboneNames.join()).split(',')) {
    const own = contender<Record<Precision, number>>(process.execPath, [file('precisionStep.ts'), backbone, ...run]);
    if (!own) throw new Error(`${backbone} could not be measured: see the message above.`);
    const torch = contender<{ readonly processor: number }>(
      'python3',
      [file('torchStep.py'), backbone, run[0], 'bfloat16', run[1]],
      { OMP_WAIT_POLICY: 'passive' }, // else threads that wait would count
    );
    publish(`Training step, ${backbone}, 112 x 112, batch ${run[0]}, per second of processor time`, [
      { name: 'ArcBench, float32', value: own.float32, unit: 'img/s' },
      { name: 'ArcBench, bfloat16', value: own.bfloat16, unit: 'img/s' },
      { name: 'PyTorch, bfloat16', value: torch?.processor ?? null, unit: 'img/s' },
      { name: 'bfloat16 against our float32', value: own.bfloat16 / own.float32, unit: 'x' },
      { name: "bfloat16 against PyTorch's", value: torch && own.bfloat16 / torch.processor, unit: 'x' },
    ]);
  }
}
