import type { SplitFacts } from '../../../src-shared/advice.ts';
import { photographsAmong, type SizedPicture } from '../../../src-shared/photographs.ts';
import type { Split } from '../../split/makeSplit.ts';
import { valImages } from '../../split/valPeople.ts';
import type { SplitSource } from '../../split/splitParts.ts';

/** The counts of a split that the advice before training needs. */
export function splitFacts({
  set,
  split,
  dataset,
}: {
  readonly set: Pick<SplitSource, 'images'>;
  readonly split: Split;
  readonly dataset?: { readonly images: readonly SizedPicture[] };
}): SplitFacts {
  const perPerson = (indexes: readonly number[]) => {
    const counts = new Map<string, number>();
    for (const index of indexes) {
      const identity = set.images[index]?.identity ?? '';
      counts.set(identity, (counts.get(identity) ?? 0) + 1);
    }
    return [...counts.values()];
  };
  const { train, val, test, query, distractors } = split.parts;
  const held = valImages(set.images, { classes: split.classes, val }).ofOthers;
  const pairs = (images: number) => (images * (images - 1)) / 2;
  const positives = perPerson(query).reduce((sum, images) => sum + pairs(images), 0);
  return {
    trainImages: perPerson(train),
    testImages: test.length,
    positives,
    ...(held.length > 0 && { valPeople: perPerson(held).length }),
    negatives: pairs(query.length) - positives + query.length * distractors.length,
    ...(dataset && { photographs: photographsAmong(dataset.images) }),
  };
}
