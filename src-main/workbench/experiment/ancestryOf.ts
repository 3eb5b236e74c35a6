import type { Ancestry, ParentLeak } from '../../../src-shared/ancestry.ts';
import type { RunWarning } from '../../../src-shared/runWarning.ts';
import type { PreparedSet } from '../../data/preparedSet.ts';
import { readTrainedPictures } from '../../data/splitManifest.ts';
import type { Split } from '../../split/makeSplit.ts';
import { classesOfParent, type ParentRun } from './parentRun.ts';
import type { RunStart } from './startOf.ts';

export interface RunAncestry {
  readonly ancestry: Ancestry;
  /** Everyone that an ancestor was trained on. */
  readonly people: readonly string[];
}

/** Where a run that starts from a parent comes from, and what it saw there of what it is judged on. */
export function ancestryOf(
  { parent, kind, optimizer }: RunStart,
  faces: { readonly set: PreparedSet; readonly split: Split },
): RunAncestry {
  const people = [...new Set([...classesOfParent(parent), ...parent.peopleBefore])].sort();
  return {
    ancestry: {
      kind,
      optimizer,
      ancestors: [parent.ancestor, ...parent.before],
      leaks: [...leakedPeople(new Set(people), faces), ...leakedPictures(parent, faces)],
    },
    people,
  };
}

const mostNamed = 3;
const named = (names: readonly string[]) => ({ count: names.length, names: names.slice(0, mostNamed) });

/** People of query and distractors, who must be strangers to the network, that an ancestor was trained on. */
function leakedPeople(
  trained: ReadonlySet<string>,
  { set, split }: { readonly set: PreparedSet; readonly split: Split },
): ParentLeak[] {
  return (['query', 'distractors'] as const).flatMap((part): ParentLeak[] => {
    const found = new Set(split.parts[part].map((index) => set.images[index]?.identity ?? ''));
    const people = [...found].filter((person) => trained.has(person)).sort();
    return people.length === 0 ? [] : [{ kind: 'people', part, ...named(people) }];
  });
}

/** Pictures that the parent was trained on, by their content. Unknown where the manifest of its split is gone. */
function leakedPictures(
  { manifest }: ParentRun,
  { set, split }: { readonly set: PreparedSet; readonly split: Split },
): ParentLeak[] {
  const trained = manifest === null ? new Set<string>() : readTrainedPictures(manifest);
  return (['val', 'test', 'query', 'distractors'] as const).flatMap((part): ParentLeak[] => {
    const pictures = split.parts[part].flatMap((index) => {
      const image = set.images[index];
      return image && trained.has(image.contentHash) ? [image.path] : [];
    });
    return pictures.length === 0 ? [] : [{ kind: 'pictures', part, ...named(pictures) }];
  });
}

/** A leak as a warning of the run. */
export const leakWarning = ({ kind, part, count, names }: ParentLeak): RunWarning => ({
  key: kind === 'people' ? 'warning.parentPeople' : 'warning.parentPictures',
  values: { part, count, names: names.join(', ') },
});
