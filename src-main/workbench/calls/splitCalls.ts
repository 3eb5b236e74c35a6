import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { SplitPicture, SplitPreview } from '../../../src-shared/answers/splitAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { partNames, type Assignment, type PartName } from '../../../src-shared/splitSchema.ts';
import { reportTexts } from '../../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../../src-shared/splitNotes.ts';
import { naturalOrder, naturalPlaces } from '../../../src-shared/naturalOrder.ts';
import { preparedFolder } from '../../data/prepareDataset.ts';
import { openPreparedSet, type PreparedSet } from '../../data/preparedSet.ts';
import type { Duplicates } from '../../split/findDuplicates.ts';
import { duplicatesOf } from '../../split/knownDuplicates.ts';
import { resolvedCopies } from '../../split/resolvedCopies.ts';
import { valPeople } from '../../split/valPeople.ts';
import { makeSplit, statedParts, type Split } from '../../split/makeSplit.ts';
import { auditFaces } from '../experiment/splitFaces.ts';
import { quietly, stageOf, type CallContext, type CallsOf } from './callContext.ts';
import type { DatasetLibrary } from '../experiment/datasetLibrary.ts';

type PartOf = (index: number) => PartName | null;

/** The part of each picture of a split. */
function partsOf(set: PreparedSet, split: Split): PartOf {
  const numbers = new Uint8Array(set.images.length); // of parts, from 1 on; 0 for none
  for (const [number, part] of partNames.entries()) for (const index of split.parts[part]) numbers[index] = number + 1;
  return (index) => partNames[(numbers[index] ?? 0) - 1] ?? null;
}

/** A picture that the audit names, with its whole path. */
function foundIn(set: PreparedSet, partOf: PartOf, index: number): SplitPicture {
  const { identity = '', path = '' } = set.images[index] ?? {};
  return { index, identity, name: path, part: partOf(index) };
}

export function splitCalls(context: CallContext, library: DatasetLibrary): Omit<CallsOf<'split'>, 'split.prepare'> {
  const { store, jobs, workInThread } = context;
  let last: PreparedSet | null = null; // sliders ask for one set again and again
  const preparedSetOf = async ({ data, prepare }: Pick<Plan, 'data' | 'prepare'>): Promise<PreparedSet> => {
    const folder = preparedFolder(store.workspace, await library.datasetOf(data), prepare);
    if (last?.folder === folder) return last;
    if (!existsSync(folder))
      throw new ArcBenchError(
        'wrong-input',
        `The faces of ${data.source} are not prepared at ${prepare.inputSize} pixels yet: prepare them first.`,
      );
    last = null; // two sets of millions of pictures are never held at a time
    return (last = openPreparedSet(folder));
  };
  let searched: { readonly set: PreparedSet; readonly duplicates: Promise<Duplicates> } | null = null;
  const duplicatesIn = (set: PreparedSet): Promise<Duplicates> => {
    if (searched?.set !== set) searched = { set, duplicates: duplicatesOf(set) };
    return searched.duplicates;
  };
  let drawn: { readonly of: string; readonly split: Split; readonly partOf: PartOf } | null = null;
  const drawnOf = async (set: PreparedSet, rule: Plan['split']) => {
    const of = JSON.stringify([set.hash, rule]);
    if (drawn?.of === of) return drawn;
    drawn = null; // two splits of millions of pictures are never held at a time
    const split = makeSplit(set, rule, await duplicatesIn(set));
    return (drawn = { of, split, partOf: partsOf(set, split) });
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
      const set = await preparedSetOf(sections);
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
        else persons.set(identity, { images: 1, first: index });
      });
      return {
        hash: split.hash,
        prepared: set.hash,
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
      const set = await preparedSetOf(sections);
      const { partOf } = await drawnOf(set, sections.split);
      const fitting = placesOf(set).filter(
        (index) =>
          (part === null || (partOf(index) ?? 'left out') === part) &&
          (identity === null || set.images[index]?.identity === identity),
      );
      const pictureAt = (index: number): SplitPicture => {
        const { identity: person = '', path = '' } = set.images[index] ?? {};
        return { index, identity: person, name: basename(path), part: partOf(index) };
      };
      return { total: fitting.length, pictures: Array.from(fitting.subarray(offset, offset + limit), pictureAt) };
    },
    'split.audit': async (sections) => {
      const set = await preparedSetOf(sections);
      const { split, findings } = await auditFaces(stageOf(context, quietly, stage(sections)), set);
      const partOf = partsOf(set, split);
      return {
        resolved: resolvedCopies(set, split),
        blocking: findings.filter((finding) => finding.blocking).length,
        findings: findings.map(({ name, kind, message, blocking, pictures }) => ({
          name,
          kind,
          message,
          blocking,
          pictures: pictures.map((index) => foundIn(set, partOf, index)),
        })),
      };
    },
    'split.create': async (sections) => {
      await preparedSetOf(sections); // refuses at once
      return jobs.add({
        kind: 'split',
        title: 'Create the folders of the split',
        work: (job) => workInThread({ kind: 'split', ...stage(sections) }, job),
      });
    },
  };
}
