import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Assignment, PartName } from '../../src-shared/splitSchema.ts';
import type { SplitRule } from '../../src-shared/experiment.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { SplitNote } from '../../src-shared/splitNotes.ts';
import type { Parts, PartsSource, SkippedPerson, SkipReason, SplitSource } from './splitParts.ts';
import { assignedTo } from './resolveDuplicates.ts';
import { addAll, addShared, noParts, shareOut, type CopyOf, type GrowingParts } from './shareOut.ts';

/** Where a person's images go, and why a person is left out or was moved. */
type Place =
  | { readonly to: Exclude<Assignment, 'left out'>; readonly moved?: 'test' | 'val' }
  | { readonly to: 'left out'; readonly reason: SkipReason };

/**
 * Keeps the parts that the source states. Who has no image in train cannot be a class: people of test become query and
 * people of val become distractors if the source states none, and are left out if it does. A missing val is drawn from
 * train. If the rule wants people held out for val, those are the people of val who are not in train, or else people
 * drawn from train. split.minImages and the other shares do not apply.
 */
export function givenSplit({ set, rule, imagesOf, copyOf }: PartsSource, givenBy: string): Parts {
  const partOf = (index: number) => set.images[index]?.part;
  const states = (part: PartName) => set.images.some((image) => image.part === part);
  const stated = { query: states('query'), distractors: states('distractors'), wantsVal: rule.valPeople > 0 };

  const parts = noParts();
  const classes: string[] = [];
  const skipped: SkippedPerson[] = [];
  const moved: Record<'test' | 'val', string[]> = { test: [], val: [] };
  const heldForVal: string[] = [];
  const heldVal: number[] = []; // apart from parts.val until a missing val is drawn
  const inBoth: string[] = [];
  const fewImages: string[] = [];
  let unstated = 0;
  for (const [identity, images] of imagesOf) {
    if (images.length === 0) {
      skipped.push({ identity, images: 0, reason: 'copies' });
      continue;
    }
    const own = new Set(images.map(partOf));
    const assigned = assignedTo(rule, identity);
    const place = placeOf(own, { stated, assigned });
    if (assigned === null) unstated += images.filter((index) => partOf(index) === undefined).length;
    switch (place.to) {
      case 'left out':
        skipped.push({ identity, images: images.length, reason: place.reason });
        break;
      case 'val':
        addAll(
          heldVal,
          images.filter((index) => assigned !== null || partOf(index) === 'val'),
        );
        heldForVal.push(identity);
        break;
      case 'query':
      case 'distractors':
        // Someone who was put here by hand brings all images.
        addAll(
          parts[place.to],
          images.filter((index) => assigned !== null || partOf(index) !== undefined),
        );
        if (place.moved) moved[place.moved].push(identity);
        if (assigned === null && own.has('query') && own.has('distractors')) inBoth.push(identity);
        break;
      case 'training':
        if (!addTrained(parts, { identity, images, rule, partOf, copyOf })) {
          skipped.push({ identity, images: images.length, reason: 'few different pictures' });
          break;
        }
        classes.push(identity);
        if (images.length < rule.minImages) fewImages.push(identity);
    }
  }
  if (classes.length < 2) throw tooFewPeople(classes.length, givenBy);
  const drawnVal = parts.val.length === 0 ? drawVal(parts, { set, rule, copyOf, givenBy }) : 0;
  const drawnPeople =
    stated.wantsVal && heldVal.length === 0 ? drawValPeople(parts, { set, rule, classes, givenBy }) : noPeople;
  for (const images of [heldVal, drawnPeople.images]) addAll(parts.val, images);
  const isHeldForVal = new Set(drawnPeople.people);
  const notes = [
    ...aboutPeople('split.valPeople', heldForVal),
    ...aboutPeople('split.valPeopleDrawn', drawnPeople.people, { seed: rule.seed }),
    ...note(drawnVal > 0, { key: 'split.valDrawn', values: { images: drawnVal, seed: rule.seed } }),
    ...note(parts.test.length === 0, { key: 'split.noTest', values: {} }),
    ...aboutPeople('split.testAsQuery', moved.test),
    ...aboutPeople('split.valAsDistractors', moved.val),
    ...aboutPeople('split.notTrained', namesOf(skipped, 'not in train')),
    ...aboutPeople('split.queryAndDistractors', inBoth),
    ...aboutPeople('split.fewImages', fewImages, { minImages: rule.minImages }),
    ...note(unstated > 0, { key: 'split.noPart', values: { images: unstated } }),
    ...note(parts.query.length === 0, { key: 'split.noQuery', values: {} }),
    ...note(parts.query.length > 0 && parts.distractors.length === 0, { key: 'split.noDistractors', values: {} }),
  ];
  return { classes: classes.filter((identity) => !isHeldForVal.has(identity)), parts, skipped, notes };
}

/** Where a person goes: as chosen by hand, else by the parts of the person's images. */
function placeOf(
  own: ReadonlySet<PartName | undefined>,
  {
    stated,
    assigned,
  }: {
    readonly stated: { readonly query: boolean; readonly distractors: boolean; readonly wantsVal: boolean };
    readonly assigned: Assignment | null;
  },
): Place {
  if (assigned === 'left out') return { to: 'left out', reason: 'by hand' };
  if (assigned !== null) return { to: assigned };
  if (own.has('train')) return { to: 'training' };
  if (own.has('query')) return { to: 'query' };
  if (own.has('distractors')) return { to: 'distractors' };
  if (own.has('test')) return stated.query ? notTrained : { to: 'query', moved: 'test' };
  if (own.has('val') && stated.wantsVal) return { to: 'val' };
  if (own.has('val')) return stated.distractors ? notTrained : { to: 'distractors', moved: 'val' };
  return { to: 'left out', reason: 'no part' };
}
const notTrained = { to: 'left out', reason: 'not in train' } as const;

/**
 * Adds the images of a person who trains, each to its stated part. A person without any in train was moved here by
 * hand: the images are shared out by the rule. False if there are too few for that.
 */
function addTrained(
  parts: GrowingParts,
  person: {
    readonly identity: string;
    readonly images: readonly number[];
    readonly rule: SplitRule;
    readonly partOf: (index: number) => PartName | undefined;
    readonly copyOf: CopyOf;
  },
): boolean {
  const { identity, images, partOf } = person;
  if (!images.some((index) => partOf(index) === 'train')) {
    const shared = shareOut(identity, images, person);
    if (shared) addShared(parts, shared);
    return shared !== null;
  }
  for (const index of images) {
    const part = partOf(index);
    // A picture of this person in query or distractors stays there, and the audit names it.
    if (part !== undefined) parts[part].push(index);
  }
  return true;
}

/** Moves a share of each person's training images to val. Returns how many. Throws 'wrong-input' if nobody has two. */
function drawVal(
  parts: GrowingParts,
  {
    set,
    rule,
    copyOf,
    givenBy,
  }: {
    readonly set: SplitSource;
    readonly rule: SplitRule;
    readonly copyOf: CopyOf;
    readonly givenBy: string;
  },
): number {
  const share = rule.val / (rule.train + rule.val || 1);
  const byIdentity = groupBy(parts.train, (index) => set.images[index]?.identity ?? '');
  parts.train = [];
  for (const [identity, images] of byIdentity) {
    const groups = randomStream(rule.seed, 'split', 'val', identity).shuffle([...groupBy(images, copyOf).values()]);
    const wanted = share === 0 ? 0 : Math.max(1, Math.round(share * groups.length));
    const val = Math.min(wanted, groups.length - 1);
    addAll(parts.val, groups.slice(0, val).flat());
    addAll(parts.train, groups.slice(val).flat());
  }
  if (parts.val.length === 0)
    throw new ArcBenchError(
      'wrong-input',
      `${sentenceStart(givenBy)} no val, by which the best epoch is chosen, and none can be drawn from train` +
        `${share === 0 ? ' because split.val is 0: give it a share such as 0.15.' : ': add pictures of val.'}`,
    );
  return parts.val.length;
}

interface DrawnPeople {
  readonly people: readonly string[];
  readonly images: readonly number[];
}
const noPeople: DrawnPeople = { people: [], images: [] };

/**
 * Takes people out of training for val: their images of train and val go there, and those of test are left out. Throws
 * 'wrong-input' if too few are left to train on.
 */
function drawValPeople(
  parts: GrowingParts,
  {
    set,
    rule,
    classes,
    givenBy,
  }: {
    readonly set: SplitSource;
    readonly rule: SplitRule;
    readonly classes: readonly string[];
    readonly givenBy: string;
  },
): DrawnPeople {
  const identityOf = (index: number) => set.images[index]?.identity ?? '';
  const byIdentity = groupBy([...parts.train, ...parts.val], identityOf);
  const eligible = classes.filter(
    (identity) => assignedTo(rule, identity) === null && (byIdentity.get(identity)?.length ?? 0) >= 2,
  );
  const wanted = Math.max(2, Math.round(rule.valPeople * classes.length));
  const people = randomStream(rule.seed, 'split', 'val people').shuffle(eligible).slice(0, wanted).sort();
  if (people.length < 2 || classes.length - people.length < 2)
    throw new ArcBenchError(
      'wrong-input',
      `${sentenceStart(givenBy)} ${classes.length} people in train, too few to hold out ${wanted} of them for val ` +
        'and train on 2: add people, lower split.valPeople, or choose evaluation.select: accuracy.',
    );
  const isTaken = new Set(people);
  for (const part of ['train', 'val', 'test'] as const)
    parts[part] = parts[part].filter((index) => !isTaken.has(identityOf(index)));
  return { people, images: people.flatMap((identity) => byIdentity.get(identity) ?? []) };
}

const sentenceStart = (givenBy: string): string => `The parts given by ${givenBy} have`;

const tooFewPeople = (classes: number, givenBy: string): ArcBenchError =>
  new ArcBenchError(
    'wrong-input',
    `${sentenceStart(givenBy)} ${classes === 0 ? 'nobody' : 'only one person'} in train: two people or more were ` +
      'expected; add their pictures, or choose split.from: drawn.',
  );

const note = (applies: boolean, found: SplitNote): SplitNote[] => (applies ? [found] : []);
const aboutPeople = (key: SplitNote['key'], people: readonly string[], values: SplitNote['values'] = {}): SplitNote[] =>
  note(people.length > 0, { key, values, people });
const namesOf = (skipped: readonly SkippedPerson[], wanted: SkipReason): string[] =>
  skipped.filter(({ reason }) => reason === wanted).map(({ identity }) => identity);
