import { createHash } from 'node:crypto';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { partNames, splitSeedOf, type Assignment, type PartName, type Plan } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { PreparedImage, PreparedSet } from '../data/preparedSet.ts';

/** What a split asks of a prepared set. */
export interface SplitSource extends Pick<PreparedSet, 'hash'> {
  readonly images: readonly Pick<PreparedImage, 'identity' | 'contentHash'>[];
}

/** Which image belongs to which part; indexes point into the prepared set. */
export interface Split {
  readonly seed: number;
  readonly rule: Plan['split'];
  /** Identities seen in training, sorted; the label is the position. */
  readonly classes: readonly string[];
  readonly parts: Readonly<Record<PartName, readonly number[]>>;
  readonly skipped: readonly { readonly identity: string; readonly images: number }[];
  readonly hash: string;
}

/**
 * Splits a prepared set by its rule: identities with too few images are left out, some are held out as query and
 * distractors,
 * and the images of the others are shared out among train, val and test. `seedOfRun` is the seed where each seed draws
 * a split of its own. Throws 'wrong-input' where a part would be empty.
 */
export function makeSplit(set: SplitSource, rule: Plan['split'], seedOfRun = 1): Split {
  const seed = splitSeedOf(rule, seedOfRun);
  const byIdentity = new Map<string, number[]>();
  set.images.forEach((image, index) =>
    byIdentity.set(image.identity, [...(byIdentity.get(image.identity) ?? []), index]),
  );
  const all = [...byIdentity.keys()].sort();
  const imagesOf = (identity: string) => byIdentity.get(identity) as number[];
  const unknown = Object.keys(rule.assign).find((identity) => !byIdentity.has(identity));
  if (unknown !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `split.assign names ${unknown}, who is not in the dataset: the name of a person's folder was expected; ` +
        'correct the name or take it out.',
    );
  const left = all.filter((identity) => imagesOf(identity).length >= rule.minImages);
  const order = randomStream(seed, 'split', 'held out').shuffle(left);
  const held = (share: number, least: number) => (share === 0 ? 0 : Math.max(least, Math.round(share * left.length)));
  const queryCount = held(rule.query, 2);
  const distractorCount = held(rule.distractors, 1);
  const drawn = new Map<string, Assignment>(
    order.map((identity, position) => [
      identity,
      position < queryCount ? 'query' : position < queryCount + distractorCount ? 'distractors' : 'training',
    ]),
  );
  const assignmentOf = (identity: string): Assignment =>
    (Object.hasOwn(rule.assign, identity) ? rule.assign[identity] : drawn.get(identity)) ?? 'left out';
  const peopleIn = (assignment: Assignment) => all.filter((identity) => assignmentOf(identity) === assignment);
  const skipped = peopleIn('left out').map((identity) => ({ identity, images: imagesOf(identity).length }));
  const classes = peopleIn('training');
  if (classes.length < 2) {
    throw new ArcBenchError(
      'wrong-input',
      `Only ${left.length} of ${all.length} identities have at least ${rule.minImages} images, too few to ` +
        `train on 2 and hold out ${queryCount + distractorCount}: add people, lower split.minImages, or lower ` +
        'split.query and split.distractors.',
    );
  }
  const parts: Record<PartName, number[]> = { train: [], val: [], test: [], query: [], distractors: [] };
  parts.query.push(...peopleIn('query').flatMap(imagesOf));
  parts.distractors.push(...peopleIn('distractors').flatMap(imagesOf));
  for (const identity of classes) shareOut(identity, imagesOf(identity), { set, rule, seed, parts });
  for (const part of partNames) parts[part].sort((a, b) => a - b);
  const hash = createHash('sha256')
    .update(JSON.stringify([set.hash, seed, classes, partNames.map((part) => parts[part])]))
    .digest('hex');
  return { seed, rule, classes, parts, skipped, hash };
}

/** Shares one identity's images out; copies of one picture stay together. */
function shareOut(
  identity: string,
  images: readonly number[],
  {
    set,
    rule,
    seed,
    parts,
  }: {
    readonly set: SplitSource;
    readonly rule: Plan['split'];
    readonly seed: number;
    readonly parts: Record<PartName, number[]>;
  },
): void {
  const copies = new Map<string, number[]>();
  for (const index of images) {
    const content = set.images[index]?.contentHash ?? '';
    copies.set(content, [...(copies.get(content) ?? []), index]);
  }
  const groups = randomStream(seed, 'split', 'images', identity).shuffle([...copies.values()]);
  const wanted = (share: number) => (share === 0 ? 0 : Math.max(1, Math.round(share * groups.length)));
  const val = wanted(rule.val);
  const test = wanted(rule.test);
  if (groups.length - val - test < 1) {
    throw new ArcBenchError(
      'wrong-input',
      `${identity} has ${groups.length} different ${groups.length === 1 ? 'picture' : 'pictures'}, too few ` +
        'for train, val and test: add pictures of this person or raise split.minImages.',
    );
  }
  parts.val.push(...groups.slice(0, val).flat());
  parts.test.push(...groups.slice(val, val + test).flat());
  parts.train.push(...groups.slice(val + test).flat());
}
