import type { PartName } from '../../src-shared/splitSchema.ts';
import type { SplitRule } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream } from '../../src-shared/maths/random.ts';

type Shared = Readonly<Record<'train' | 'val' | 'test', readonly number[]>>;

/** Which pictures count as one picture, because they are copies of each other. */
export type CopyOf = (index: number) => number | string;

/**
 * Shares out the images of one person among train, val and test. Copies of one picture go into the same part. Null if
 * the person has too few different pictures.
 */
export function shareOut(
  identity: string,
  images: readonly number[],
  { rule, copyOf }: { readonly rule: SplitRule; readonly copyOf: CopyOf },
): Shared | null {
  const groups = randomStream(rule.seed, 'split', 'images', identity).shuffle([...groupBy(images, copyOf).values()]);
  const wanted = (share: number) => (share === 0 ? 0 : Math.max(1, Math.round(share * groups.length)));
  const val = wanted(rule.val);
  const test = wanted(rule.test);
  if (groups.length - val - test < 1) return null;
  return {
    val: groups.slice(0, val).flat(),
    test: groups.slice(val, val + test).flat(),
    train: groups.slice(val + test).flat(),
  };
}

export type GrowingParts = Record<PartName, number[]>;
export const noParts = (): GrowingParts => ({ train: [], val: [], test: [], query: [], distractors: [] });

export function addShared(parts: GrowingParts, shared: Shared): void {
  addAll(parts.train, shared.train);
  addAll(parts.val, shared.val);
  addAll(parts.test, shared.test);
}

/** Adds images to a list one by one: a person may have more of them than a function takes arguments. */
export function addAll(list: number[], images: readonly number[]): void {
  for (const image of images) list.push(image);
}
