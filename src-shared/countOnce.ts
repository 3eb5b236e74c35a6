import { ArcBenchError } from './errors.ts';

/** A run wherever runs are counted. */
export interface CountedRun {
  readonly id: string;
  readonly seed: number;
}

/**
 * Asserts that each run counts once and that an arm has one run of each seed. Throws 'failed' with the run that is
 * there twice.
 */
export function countOnce(arms: readonly { readonly name: string; readonly runs: readonly CountedRun[] }[]): void {
  const places = new Map<string, string>();
  for (const { name, runs } of arms) {
    const seeds = new Map<number, string>();
    for (const { id, seed } of runs) {
      const place = places.get(id);
      if (place !== undefined)
        throw new ArcBenchError(
          'failed',
          `The run ${id} is counted twice, in ${place === name ? name : `${place} and in ${name}`}: a run may count ` +
            'only once. Name each run once.',
        );
      places.set(id, name);
      const other = seeds.get(seed);
      if (other !== undefined)
        throw new ArcBenchError(
          'failed',
          `${name} has two runs of seed ${seed} (${other} and ${id}), and a pair is one run of each arm: name one of ` +
            'them.',
        );
      seeds.set(seed, id);
    }
  }
}
