import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Assignment } from '../../src-shared/splitSchema.ts';
import type { SplitRule } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { SplitNote } from '../../src-shared/splitNotes.ts';
import type { Parts, PartsSource, SkippedPerson, SkipReason } from './splitParts.ts';
import { addAll, addShared, noParts, shareOut } from './shareOut.ts';

/**
 * Draws a split by its rule. People with too few images are left out, some people are held out as query, distractors
 * and people of val, and the images of the others are shared out among train, val and test.
 */
export function drawnSplit({ rule, imagesOf, copyOf }: PartsSource): Parts {
  const identities = [...imagesOf.keys()];
  const countOf = (identity: string) => imagesOf.get(identity)?.length ?? 0;
  const eligible = identities.filter((identity) => countOf(identity) >= rule.minImages);
  const drawn = drawAssignments(eligible, rule);
  const isAssigned = (identity: string) => Object.hasOwn(rule.assign, identity);
  const assignmentOf = (identity: string): Assignment =>
    (isAssigned(identity) ? rule.assign[identity] : drawn.get(identity)) ?? 'left out';

  const parts = noParts();
  const classes: string[] = [];
  const heldForVal: string[] = [];
  const skipped: SkippedPerson[] = [];
  const skip = (identity: string, reason: SkipReason) => skipped.push({ identity, images: countOf(identity), reason });
  for (const [identity, images] of imagesOf) {
    const assignment = assignmentOf(identity);
    switch (assignment) {
      case 'val':
        addAll(parts.val, images);
        heldForVal.push(identity);
        break;
      case 'query':
      case 'distractors':
        addAll(parts[assignment], images);
        break;
      case 'left out':
        if (isAssigned(identity)) skip(identity, 'by hand');
        else skip(identity, images.length === 0 ? 'copies' : 'few images');
        break;
      case 'training': {
        const shared = shareOut(identity, images, { rule, copyOf });
        if (shared === null) {
          skip(identity, 'few different pictures');
        } else {
          classes.push(identity);
          addShared(parts, shared);
        }
      }
    }
  }
  if (classes.length < 2) throw tooFewPeople(rule, { people: identities.length, eligible: eligible.length, skipped });
  const notes: SplitNote[] =
    heldForVal.length === 0 ? [] : [{ key: 'split.valPeopleHeld', values: { seed: rule.seed }, people: heldForVal }];
  return { classes, parts, skipped, notes };
}

/** How many people each held-out part gets, of those with enough images. */
function heldOutCounts(rule: SplitRule, eligible: number): Readonly<Record<'query' | 'distractors' | 'val', number>> {
  const held = (share: number, least: number) => (share === 0 ? 0 : Math.max(least, Math.round(share * eligible)));
  return { query: held(rule.query, 2), distractors: held(rule.distractors, 1), val: held(rule.valPeople, 2) };
}

/**
 * Draws who is held out: the first people of a shuffled list go to query, the next ones to distractors, then to val.
 * So query and distractors are the same whether or not people are held out for val.
 */
function drawAssignments(eligible: readonly string[], rule: SplitRule): Map<string, Assignment> {
  const order = randomStream(rule.seed, 'split', 'held out').shuffle(eligible);
  const { query, distractors, val } = heldOutCounts(rule, eligible.length);
  const assignmentAt = (position: number): Assignment => {
    if (position < query) return 'query';
    if (position < query + distractors) return 'distractors';
    return position < query + distractors + val ? 'val' : 'training';
  };
  return new Map(order.map((identity, position) => [identity, assignmentAt(position)]));
}

function tooFewPeople(
  rule: SplitRule,
  {
    people,
    eligible,
    skipped,
  }: { readonly people: number; readonly eligible: number; readonly skipped: readonly SkippedPerson[] },
): ArcBenchError {
  const poor = skipped.filter(({ reason }) => reason === 'few different pictures');
  if (poor.length > 0)
    return new ArcBenchError(
      'wrong-input',
      `${poor[0]?.identity} ${others(poor.length - 1)} too few different pictures for train, val and test, and fewer ` +
        'than 2 people are left to train on: add pictures.',
    );
  const copied = skipped.filter(({ reason }) => reason === 'copies');
  if (copied.length > 0)
    return new ArcBenchError(
      'wrong-input',
      `${copied[0]?.identity} ${others(copied.length - 1)} no picture left once copies are left out, and fewer than ` +
        '2 people are left to train on: put each picture under one name, or choose split.duplicates: allow.',
    );
  const { query, distractors, val } = heldOutCounts(rule, eligible);
  const shares = val > 0 ? 'split.query, split.distractors and split.valPeople' : 'split.query and split.distractors';
  return new ArcBenchError(
    'wrong-input',
    `Only ${eligible} of ${people} identities have at least ${rule.minImages} images, too few to train on 2 and hold ` +
      `out ${query + distractors + val}: add people, lower split.minImages, or lower ${shares}.`,
  );
}

const others = (more: number): string => {
  if (more === 0) return 'has';
  return more === 1 ? 'and 1 more person have' : `and ${more} more people have`;
};
