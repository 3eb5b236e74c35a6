import { createHash } from 'node:crypto';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { partNames, type Assignment, type PartName, type Plan } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { PreparedImage, PreparedSet } from '../data/preparedSet.ts';

/** What a split needs of a prepared set. */
export interface SplitSource extends Pick<PreparedSet, 'hash'> {
  readonly images: readonly Pick<PreparedImage, 'identity' | 'contentHash'>[];
}

/** Which image belongs to which part, by indexes into the prepared set. */
export interface Split {
  readonly seed: number;
  readonly rule: Plan['split'];
  /** The people who are trained on, sorted. A person's label is the position in this list. */
  readonly classes: readonly string[];
  readonly parts: Readonly<Record<PartName, readonly number[]>>;
  readonly skipped: readonly { readonly identity: string; readonly images: number }[];
  readonly hash: string;
}

/**
 * Splits a prepared set by its rule. People with too few images are left out, some people are held out as query and
 * distractors, and the images of the others are shared out among train, val and test. Throws 'wrong-input' if a part
 * would be empty.
 */
export function makeSplit(set: SplitSource, rule: Plan['split']): Split {
  const byIdentity = groupBy(set.images.keys(), (index) => identityOf(set, index));
  refuseUnknownPeople(rule, byIdentity);
  const identities = [...byIdentity.keys()].sort();
  const imagesOf = (identity: string) => byIdentity.get(identity) as readonly number[];
  const eligible = identities.filter((identity) => imagesOf(identity).length >= rule.minImages);
  const drawn = drawAssignments(eligible, rule);
  const assignmentOf = (identity: string): Assignment =>
    (Object.hasOwn(rule.assign, identity) ? rule.assign[identity] : drawn.get(identity)) ?? 'left out';
  const peopleIn = (assignment: Assignment) => identities.filter((identity) => assignmentOf(identity) === assignment);
  const classes = peopleIn('training');
  if (classes.length < 2) throw tooFewPeople(rule, { people: identities.length, eligible: eligible.length });

  const parts: Record<PartName, number[]> = { train: [], val: [], test: [], query: [], distractors: [] };
  parts.query.push(...peopleIn('query').flatMap(imagesOf));
  parts.distractors.push(...peopleIn('distractors').flatMap(imagesOf));
  for (const identity of classes) shareOut(identity, imagesOf(identity), { set, rule, parts });
  for (const part of partNames) parts[part].sort((a, b) => a - b);

  const skipped = peopleIn('left out').map((identity) => ({ identity, images: imagesOf(identity).length }));
  const hash = createHash('sha256')
    .update(JSON.stringify([set.hash, rule.seed, classes, partNames.map((part) => parts[part])]))
    .digest('hex');
  return { seed: rule.seed, rule, classes, parts, skipped, hash };
}

const identityOf = (set: SplitSource, index: number) => set.images[index]?.identity ?? '';

function refuseUnknownPeople({ assign }: Plan['split'], byIdentity: ReadonlyMap<string, unknown>): void {
  const unknown = Object.keys(assign).find((identity) => !byIdentity.has(identity));
  if (unknown !== undefined)
    throw new ArcBenchError(
      'wrong-input',
      `split.assign names ${unknown}, who is not in the dataset: the name of a person's folder was expected; ` +
        'correct the name or remove it.',
    );
}

/** How many people each held-out part gets, of those with enough images. */
function heldOutCounts(
  rule: Plan['split'],
  eligible: number,
): { readonly query: number; readonly distractors: number } {
  const held = (share: number, least: number) => (share === 0 ? 0 : Math.max(least, Math.round(share * eligible)));
  return { query: held(rule.query, 2), distractors: held(rule.distractors, 1) };
}

/** Draws who is held out: the first people of a shuffled list go to query, the next ones to distractors. */
function drawAssignments(eligible: readonly string[], rule: Plan['split']): Map<string, Assignment> {
  const order = randomStream(rule.seed, 'split', 'held out').shuffle(eligible);
  const { query, distractors } = heldOutCounts(rule, eligible.length);
  const assignmentAt = (position: number): Assignment => {
    if (position < query) return 'query';
    return position < query + distractors ? 'distractors' : 'training';
  };
  return new Map(order.map((identity, position) => [identity, assignmentAt(position)]));
}

function tooFewPeople(
  rule: Plan['split'],
  { people, eligible }: { readonly people: number; readonly eligible: number },
): ArcBenchError {
  const { query, distractors } = heldOutCounts(rule, eligible);
  return new ArcBenchError(
    'wrong-input',
    `Only ${eligible} of ${people} identities have at least ${rule.minImages} images, too few to train on 2 and hold ` +
      `out ${query + distractors}: add people, lower split.minImages, or lower split.query and split.distractors.`,
  );
}

/** Shares out the images of one person. Copies of one picture go into the same part. */
function shareOut(
  identity: string,
  images: readonly number[],
  {
    set,
    rule,
    parts,
  }: { readonly set: SplitSource; readonly rule: Plan['split']; readonly parts: Record<PartName, number[]> },
): void {
  const copies = groupBy(images, (index) => set.images[index]?.contentHash ?? '');
  const groups = randomStream(rule.seed, 'split', 'images', identity).shuffle([...copies.values()]);
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
