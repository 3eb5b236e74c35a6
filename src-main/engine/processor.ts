import { readFileSync } from 'node:fs';

/** What multiplies in bfloat16: AMX's tiles, or AVX-512's vectors, which are slower. */
export type LowUnits = 'tiles' | 'vectors';

/** What the processor has for bfloat16; null where it has nothing. `flags` are those of this machine without. */
export function lowUnits(flags: ReadonlySet<string> = processorFlags()): LowUnits | null {
  if (flags.has('amx_bf16')) return 'tiles';
  return flags.has('avx512_bf16') ? 'vectors' : null;
}

/** What the processor can do, in the words of Linux; nothing where the system does not say. */
function processorFlags(): ReadonlySet<string> {
  try {
    const line = readFileSync('/proc/cpuinfo', 'utf8')
      .split('\n')
      .find((each) => each.startsWith('flags'));
    return new Set(line?.split(' '));
  } catch {
    return new Set();
  }
}
