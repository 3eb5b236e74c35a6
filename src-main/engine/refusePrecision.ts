import type { EngineName } from '../../src-shared/runEngine.ts';
import type { Precision } from '../../src-shared/trainingSchema.ts';
import { hasNvidiaCard } from './install/engineDevice.mjs';
import { installedEngine } from './installedEngine.ts';
import { lowUnits } from './processor.ts';

/** What training in bfloat16 depends on. */
export interface PrecisionSurroundings {
  readonly engine: EngineName;
  /** Words for what the processor can do, as /proc/cpuinfo lists them; those of this machine without. */
  readonly flags?: ReadonlySet<string>;
  /** Whether `auto` would compute on a card; found out without. */
  readonly hasCard?: boolean;
}

/** Why runs cannot be trained in a precision here, as one sentence with what to do; null where they can. */
export function refusePrecision(precision: Precision, surroundings: PrecisionSurroundings): string | null {
  if (precision === 'float32') return null;
  const { engine, flags, hasCard = engine === 'auto' && usesCard() } = surroundings;
  if (engine === 'cuda' || hasCard)
    return 'training.precision is bfloat16, which the engine cuda lacks: use --engine cpu, or set it to float32.';
  if (lowUnits(flags)) return null;
  return (
    'training.precision is bfloat16, but this processor has no instructions for it (amx_bf16 or avx512_bf16): ' +
    'set it to float32.'
  );
}

const usesCard = (): boolean => installedEngine()?.manifest?.device === 'cuda' && hasNvidiaCard();
