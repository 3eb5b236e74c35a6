/** What arms of one seed must share for their difference to be that of the arms alone. */
export const sharedParts = ['split', 'initialWeights', 'batchOrder', 'augmentation'] as const;
export type SharedPart = (typeof sharedParts)[number];
export type SharedHashes = Readonly<Record<SharedPart, string | null>>;

/** An arm that differs from the first arm of its seed, and in what; 'unknown' where a hash was never stored. */
export interface Unpaired {
  readonly arm: string;
  readonly seed: number;
  readonly part: SharedPart;
  readonly how: 'differs' | 'unknown';
}

/** In how many seeds that two arms have in common each part is equal, differs, or was never stored. */
export interface PairConditions {
  readonly seeds: number;
  readonly parts: Readonly<
    Record<SharedPart, { readonly equal: number; readonly differs: number; readonly unknown: number }>
  >;
}

type SeedHashes = readonly { readonly seed: number; readonly hashes: SharedHashes }[];

export function pairConditions(first: SeedHashes, second: SeedHashes): PairConditions {
  const pairs = first.flatMap(({ seed, hashes }) =>
    second.filter((run) => run.seed === seed).map((run) => [hashes, run.hashes] as const),
  );
  const countOf = (part: SharedPart) => {
    const unknown = pairs.filter((pair) => pair.some((hashes) => hashes[part] === null)).length;
    const equal = pairs.filter(([own, other]) => own[part] !== null && own[part] === other[part]).length;
    return { equal, unknown, differs: pairs.length - equal - unknown };
  };
  return {
    seeds: pairs.length,
    parts: {
      split: countOf('split'),
      initialWeights: countOf('initialWeights'),
      batchOrder: countOf('batchOrder'),
      augmentation: countOf('augmentation'),
    },
  };
}

/** Every place where runs of one seed do not share what makes them a pair; empty where all are paired. */
export function unpairedRuns(
  runs: readonly { readonly arm: string; readonly seed: number; readonly hashes: SharedHashes }[],
): Unpaired[] {
  return runs.flatMap(({ arm, seed, hashes }) => {
    const first = runs.find((run) => run.seed === seed);
    return sharedParts.flatMap((part): Unpaired[] => {
      if (hashes[part] === null || first?.hashes[part] === null) return [{ arm, seed, part, how: 'unknown' }];
      return hashes[part] === first?.hashes[part] ? [] : [{ arm, seed, part, how: 'differs' }];
    });
  });
}
