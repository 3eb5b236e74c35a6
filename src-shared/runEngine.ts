import type { Texts } from './reportTexts.ts';

export const engineNames = ['auto', 'cuda', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];

/** What computed a run. Runs of older versions kept device and version alone. */
export interface RunEngine {
  readonly device: string;
  readonly tensorflow: string;
  /** Threads that one operation may use. */
  readonly threads?: number | undefined;
  readonly processor?: string | undefined;
  /** Whether steps ran as one compiled graph, or op by op (`--eager`). */
  readonly steps?: 'compiled' | 'eager' | undefined;
  /** Numbers that training computed with; float32 where it is not said. */
  readonly precision?: 'bfloat16' | undefined;
}

/** An engine in words; two runs whose engines read differently need not end with equal bits. */
export const engineInWords = (
  { device, tensorflow, threads, processor, steps, precision }: RunEngine,
  { say }: Pick<Texts, 'say'>,
): string =>
  [
    say('engine.name', { device, tensorflow }),
    ...(threads === undefined ? [] : [say('engine.threads', { threads })]),
    ...(steps === 'eager' ? [say('engine.eager')] : []),
    ...(precision === 'bfloat16' ? [say('engine.bfloat16')] : []),
    ...(processor === undefined ? [] : [processor]),
  ].join(', ');

/**
 * Runs by the engine that computed them, in words, where they are not all one; null where they are. The precision does
 * not count: the plan chooses it, not the machine.
 */
export function enginesThatDiffer<Run>(
  runs: readonly { readonly run: Run; readonly engines: readonly RunEngine[] }[],
  texts: Pick<Texts, 'say'>,
): ReadonlyMap<string, readonly Run[]> | null {
  const found = new Map<string, Run[]>();
  for (const { run, engines } of runs) {
    for (const words of new Set(engines.map((engine) => engineInWords({ ...engine, precision: undefined }, texts))))
      found.set(words, [...(found.get(words) ?? []), run]);
  }
  return found.size > 1 ? found : null;
}
