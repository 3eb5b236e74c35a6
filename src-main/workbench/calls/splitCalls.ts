import { basename } from 'node:path';
import type { SplitPicture, SplitPreview } from '../../../src-shared/answers/splitAnswers.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { partNames, type Assignment, type PartName } from '../../../src-shared/splitSchema.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../../src-shared/splitNotes.ts';
import { naturalOrder, naturalPlaces } from '../../../src-shared/naturalOrder.ts';
import { packedPlace, type PreparedSet } from '../../data/preparedSet.ts';
import type { Duplicates } from '../../split/findDuplicates.ts';
import { duplicatesOf } from '../../split/knownDuplicates.ts';
import { resolvedCopies } from '../../split/resolvedCopies.ts';
import { valPeople } from '../../split/valPeople.ts';
import { makeSplit, statedParts, type Split } from '../../split/makeSplit.ts';
import { auditFaces } from '../experiment/splitFaces.ts';
import { quietly, stageOf, type CallContext, type CallsOf } from './callContext.ts';
import type { DatasetLibrary } from '../experiment/datasetLibrary.ts';
import { splitSets, type SplitSet } from './splitSets.ts';

/** The part of each picture of a split. */
const partsOf = (split: Split): ReadonlyMap<number, PartName> =>
  new Map(partNames.flatMap((part) => split.parts[part].map((index) => [index, part] as const)));

/** Pictures of a set with their parts, and with what is known of them in the dataset. */
function picturesIn({ set, edited }: SplitSet, split: Split): (index: number) => SplitPicture {
  const partOf = partsOf(split);
  const placeOf = new Map(edited.pictures.map(({ image }, place) => [image.path, place]));
  return (index) => {
    const { identity = '', path = '' } = set.images[index] ?? {};
    const inDataset = placeOf.get(path) ?? 0;
    const tags = edited.pictures[inDataset]?.tags ?? [];
    return { index: packedPlace(set, index), inDataset, tags, identity, name: path, part: partOf.get(index) ?? null };
  };
}

/** How many pictures are excluded by hand, and of how many people none is left. */
function excludedOf({ edited: { pictures } }: SplitSet): SplitPreview['excluded'] {
  const left = new Set(pictures.filter(({ excluded }) => excluded === null).map(({ image }) => image.identity));
  const excluded = pictures.filter((picture) => picture.excluded !== null).map(({ image }) => image.identity);
  return { images: excluded.length, people: new Set(excluded.filter((identity) => !left.has(identity))).size };
}

export function splitCalls(context: CallContext, library: DatasetLibrary): Omit<CallsOf<'split'>, 'split.prepare'> {
  const { store, jobs, workInThread } = context;
  const splitSetOf = splitSets(store, library);
  let searched: { readonly set: PreparedSet; readonly duplicates: Promise<Duplicates> } | null = null;
  const duplicatesIn = (set: PreparedSet): Promise<Duplicates> => {
    if (searched?.set !== set) searched = { set, duplicates: duplicatesOf(set) };
    return searched.duplicates;
  };
  // a sheet asks for page after page
  let drawn:
    (SplitSet & { readonly rule: string; readonly split: Split; readonly pictures: readonly SplitPicture[] }) | null =
    null;
  const drawnOf = async (from: SplitSet, rule: Plan['split']) => {
    const { set, edited } = from;
    if (drawn?.set === set && drawn.edited === edited && drawn.rule === JSON.stringify(rule)) return drawn;
    const split = makeSplit(set, rule, await duplicatesIn(set));
    const pictureAt = picturesIn(from, split);
    const unsorted = set.images.map((_, index) => {
      const picture = pictureAt(index);
      return { ...picture, name: basename(picture.name) };
    });
    const pictures = naturalPlaces(unsorted, ({ name }) => name).map((place) => unsorted[place] as SplitPicture);
    return (drawn = { ...from, rule: JSON.stringify(rule), split, pictures });
  };
  const stage = (sections: Pick<Plan, 'data' | 'prepare' | 'split'>) => ({
    plan: { ...experimentSchema.parse({}), ...sections },
    baseFolder: store.workspace,
    rerunCommand: 'the split',
  });
  return {
    'split.preview': async (sections) => {
      const from = await splitSetOf(sections);
      const { set } = from;
      const { split } = await drawnOf(from, sections.split);
      const peopleIn = (indexes: readonly number[]) =>
        new Set(indexes.map((index) => set.images[index]?.identity)).size;
      const place = new Map<string, Assignment>(split.classes.map((identity) => [identity, 'training']));
      for (const identity of valPeople(set.images, split)) place.set(identity, 'val');
      for (const part of ['query', 'distractors'] as const)
        for (const index of split.parts[part]) place.set(set.images[index]?.identity ?? '', part);
      const persons = new Map<string, { images: number; first: number }>();
      set.images.forEach(({ identity }, index) => {
        const person = persons.get(identity);
        if (person) person.images++;
        else persons.set(identity, { images: 1, first: packedPlace(set, index) });
      });
      return {
        hash: split.hash,
        prepared: basename(set.folder),
        excluded: excludedOf(from),
        alignment: set.alignment,
        partsGivenBy: statedParts(set),
        givenBy: split.givenBy,
        notes: split.notes.map((note) => splitNoteSentence(note, reportTexts('en'))),
        parts: partNames.map((part) => ({
          part,
          people: peopleIn(split.parts[part]),
          images: split.parts[part].length,
        })),
        persons: [...persons]
          .map(([identity, person]) => ({
            identity,
            ...person,
            part: place.get(identity) ?? 'left out',
            assigned: Object.hasOwn(sections.split.assign, identity),
          }))
          .sort((a, b) => naturalOrder(a.identity, b.identity)),
      } satisfies SplitPreview;
    },
    'split.pictures': async ({ part, identity, offset, limit, ...sections }) => {
      const { pictures } = await drawnOf(await splitSetOf(sections), sections.split);
      const fitting = pictures.filter(
        (picture) =>
          (part === null || (picture.part ?? 'left out') === part) &&
          (identity === null || picture.identity === identity),
      );
      return { total: fitting.length, pictures: fitting.slice(offset, offset + limit) };
    },
    'split.audit': async (sections) => {
      const from = await splitSetOf(sections);
      const { set } = from;
      const { split, findings } = await auditFaces(stageOf(context, quietly, stage(sections)), set);
      const pictureAt = picturesIn(from, split);
      return {
        resolved: resolvedCopies(set, split),
        blocking: findings.filter((finding) => finding.blocking).length,
        findings: findings.map(({ name, kind, message, blocking, pictures }) => ({
          name,
          kind,
          message,
          blocking,
          pictures: pictures.map(pictureAt),
        })),
      };
    },
    'split.create': async (sections) => {
      await splitSetOf(sections); // refuses at once
      return jobs.add({
        kind: 'split',
        title: 'Create the folders of the split',
        work: (job) => workInThread({ kind: 'split', ...stage(sections) }, job),
      });
    },
  };
}
