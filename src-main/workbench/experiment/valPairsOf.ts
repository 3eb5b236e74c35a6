import type { Plan } from '../../../src-shared/experiment.ts';
import { measuredValPeople, valPairs, type ValPairs } from '../../train/valPairs.ts';
import type { Split } from '../../split/makeSplit.ts';
import type { SplitSource } from '../../split/splitParts.ts';
import { valImages } from '../../split/valPeople.ts';

/** The people who are held out for val in a split, those who are measured, and the pairs that they make. */
export interface ValPeopleFound {
  readonly people: number;
  readonly images: number;
  readonly measured: { readonly people: number; readonly images: number };
  /** Null where they make no pair of each kind. */
  readonly pairs: ValPairs | null;
}

/** Counts the people held out for val as a run measures them; null where nobody is. */
export function valPairsOf(
  set: Pick<SplitSource, 'images'>,
  split: Pick<Split, 'classes' | 'parts' | 'seed'>,
  { evaluation }: Pick<Plan, 'evaluation'>,
): ValPeopleFound | null {
  const { ofOthers } = valImages(set.images, { classes: split.classes, val: split.parts.val });
  if (ofOthers.length === 0) return null;
  const labelOf = new Map<string, number>();
  const labels = Int32Array.from(ofOthers, (index) => {
    const identity = set.images[index]?.identity ?? '';
    if (!labelOf.has(identity)) labelOf.set(identity, labelOf.size);
    return labelOf.get(identity)!;
  });
  const measured = measuredValPeople({ indexes: ofOthers, labels }, split.seed);
  return {
    people: labelOf.size,
    images: ofOthers.length,
    measured: { people: new Set(measured.labels).size, images: measured.indexes.length },
    pairs: valPairs(measured.labels, evaluation.falsePositiveRates),
  };
}
