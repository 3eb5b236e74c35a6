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
import { partFinder } from '../../split/splitParts.ts';
import { auditFaces } from '../experiment/splitFaces.ts';
import { quietly, stageOf, type CallContext, type CallsOf } from './callContext.ts';
import type { DatasetLibrary } from '../experiment/datasetLibrary.ts';
import { splitSets, type SplitSet } from './splitSets.ts';

type PartOf = (index: number) => PartName | null;

/** Pictures of a set with their parts, and with what is known of them in the dataset. Their names are whole paths. */
function picturesIn({ set, edited }: SplitSet, partOf: PartOf, indexes: readonly number[]): SplitPicture[] {
  const pathOf = (index: number): string => set.images[index]?.path ?? '';
  const places = new Map(indexes.map((index) => [pathOf(index), 0]));
  // A map of all pictures would be large where there are millions.
  if (places.size > 0)
    for (const [place, { image }] of edited.pictures.entries())
      if (places.has(image.path)) places.set(image.path, place);
  return indexes.map((index) => {
    const name = pathOf(index);
    const inDataset = places.get(name) ?? 0;
    return {
      index: packedPlace(set, index),
      inDataset,
      tags: edited.pictures[inDataset]?.tags ?? [],
      identity: set.images[index]?.identity ?? '',
      name,
      part: partOf(index),
    };
  });
}

/** How many pictures are excluded by hand, and of how many people none is left. */
function excludedOf({ set, edited: { dataset } }: SplitSet): SplitPreview['excluded'] {
  const excluded = dataset.excluded ?? [];
  const people = new Set(excluded.map(({ identity }) => identity));
  for (const { identity } of excluded.length > 0 ? set.images : []) people.delete(identity);
  return { images: excluded.length, people: people.size };
}

export function splitCalls(context: CallContext, library: DatasetLibrary): Omit<CallsOf<'split'>, 'split.prepare'> {
  const { store, jobs, workInThread } = context;
  const splitSetOf = splitSets(store, library);
  let searched: { readonly set: PreparedSet; readonly duplicates: Promise<Duplicates> } | null = null;
  const duplicatesIn = (set: PreparedSet): Promise<Duplicates> => {
    if (searched?.set !== set) searched = { set, duplicates: duplicatesOf(set) };
    return searched.duplicates;
  };
  let drawn: {
    readonly set: PreparedSet;
    readonly rule: string;
    readonly split: Split;
    readonly partOf: PartOf;
  } | null = null;
  const drawnOf = async (set: PreparedSet, planned: Plan['split']) => {
    const rule = JSON.stringify(planned);
    if (drawn?.set === set && drawn.rule === rule) return drawn;
    drawn = null; // two splits of millions of pictures are never held at a time
    const split = makeSplit(set, planned, await duplicatesIn(set));
    return (drawn = { set, rule, split, partOf: partFinder(set.images.length, split.parts) });
  };
  // a sheet asks for page after page
  let ordered: { readonly set: PreparedSet; readonly places: Uint32Array } | null = null;
  const placesOf = (set: PreparedSet): Uint32Array => {
    if (ordered?.set !== set) {
      const named = set.images.map(({ identity, path }) => ({ identity, name: basename(path) }));
      ordered = { set, places: Uint32Array.from(naturalPlaces(named, ({ name }) => name)) };
    }
    return ordered.places;
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
      const { split } = await drawnOf(set, sections.split);
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
        preparedBefore: from.isView,
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
      const from = await splitSetOf(sections);
      const { set } = from;
      const { partOf } = await drawnOf(set, sections.split);
      const fitting = placesOf(set).filter(
        (index) =>
          (part === null || (partOf(index) ?? 'left out') === part) &&
          (identity === null || set.images[index]?.identity === identity),
      );
      const shown = picturesIn(from, partOf, [...fitting.subarray(offset, offset + limit)]);
      return {
        total: fitting.length,
        pictures: shown.map((picture) => ({ ...picture, name: basename(picture.name) })),
      };
    },
    'split.audit': async (sections) => {
      const from = await splitSetOf(sections);
      const { set } = from;
      const { split, findings } = await auditFaces(stageOf(context, quietly, stage(sections)), set);
      const indexes = findings.flatMap(({ pictures }) => pictures);
      const partOf = partFinder(set.images.length, split.parts);
      const named = new Map(picturesIn(from, partOf, indexes).map((found, at) => [indexes[at], found]));
      return {
        resolved: resolvedCopies(set, split),
        blocking: findings.filter((finding) => finding.blocking).length,
        findings: findings.map(({ name, kind, message, blocking, pictures }) => ({
          name,
          kind,
          message,
          blocking,
          pictures: pictures.flatMap((index) => named.get(index) ?? []),
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
