/** What arms of one seed must share for their difference to be that of the arms alone. */
export const sharedParts = ['split', 'initialWeights', 'batchOrder', 'augmentation'] as const;
export type SharedPart = (typeof sharedParts)[number];
export type SharedHashes = Readonly<Record<SharedPart, string | null>>;

/** An arm that differs from the first arm of its seed, and in what; 'unknown' where a hash was never stored. */
export interface Unpaired { readonly arm: string; readonly seed: number; readonly part: SharedPart; readonly how: 'differs' | 'unknown' }

/** Every place where runs of one seed do not share what makes them a pair; empty where all are paired. */
export function unpairedRuns(runs: readonly { readonly arm: string; readonly seed: number; readonly hashes: SharedHashes }[]): Unpaired[] {
  return runs.flatMap(({ arm, seed, hashes }) => {
    const first = runs.find((run) => run.seed === seed);
    return sharedParts.flatMap((part): Unpaired[] => {
      if (hashes[part] === null || first?.hashes[part] === null) return [{ arm, seed, part, how: 'unknown' }];
      return hashes[part] === first?.hashes[part] ? [] : [{ arm, seed, part, how: 'differs' }];
    });
  });
}
