import { packedPlace, type PreparedSet } from '../data/preparedSet.ts';
import type { ResolvedCopies } from '../../src-shared/answers/splitAnswers.ts';
import type { Split } from './makeSplit.ts';

/** What a split did with copies of pictures, by person and file. */
export const resolvedCopies = (set: Pick<PreparedSet, 'images' | 'places'>, { resolved }: Split): ResolvedCopies[] =>
  resolved.map(({ kind, kept, leftOut }) => {
    const named = (indexes: readonly number[]) =>
      indexes.map((index) => ({ picture: packedPlace(set, index), file: set.images[index]?.path ?? '' }));
    const people = new Set([...kept, ...leftOut].map((index) => set.images[index]?.identity ?? ''));
    return { kind, people: [...people], kept: named(kept), leftOut: named(leftOut) };
  });
