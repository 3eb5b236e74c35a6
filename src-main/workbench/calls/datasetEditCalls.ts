import { basename } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import {
  datasetEditsText,
  noPersonEdit,
  readDatasetEdits,
  type DatasetEdits,
  type PersonEdit,
  type PictureEdit,
} from '../../../src-shared/datasetEdits.ts';
import { printable } from '../../../src-shared/printable.ts';
import { redoneStep, undoneStep, withStep, type StepHistory, type TakenStep } from '../../../src-shared/stepHistory.ts';
import type { DatasetChange } from '../../../src-shared/answers/datasetAnswers.ts';
import { counted } from '../../data/counted.ts';
import { editedPictures, pictureKey, type EditedPicture } from '../../data/editDataset.ts';
import type { DatasetRow } from '../../store/datasets.ts';
import { countPeople } from '../experiment/countPeople.ts';
import type { DatasetLibrary, EditedDataset } from '../experiment/datasetLibrary.ts';
import type { CallContext, CallsOf } from './callContext.ts';

export type DatasetEditCall =
  'datasets.exclude' | 'datasets.rename' | 'datasets.tag' | 'datasets.undo' | 'datasets.redo';

/** The name that a dataset has from its source. */
export const givenName = ({ layout, source }: Pick<DatasetRow, 'layout' | 'source'>): string =>
  layout === 'demo' ? 'Demo faces' : basename(source);

const mostSteps = 50;
/** What each step did, and the edits that are in force again once it is taken. */
const stepsSchema = z.array(z.object({ done: z.string(), before: z.string().nullable() }));

type EditStep = z.output<typeof stepsSchema>[number];

/** What the latest step of a row's undo or redo list did; null if there is none. */
export const lastStepOf = (steps: string | null): string | null => stepsOf(steps).at(-1)?.done ?? null;
const stepsOf = (steps: string | null) => stepsSchema.parse(steps === null ? [] : JSON.parse(steps));
const stepsText = (steps: readonly EditStep[]): string | null => (steps.length === 0 ? null : JSON.stringify(steps));

/** Changes by hand: each is kept with the dataset, and can be undone. */
export function datasetEditCalls(
  { store }: Pick<CallContext, 'store'>,
  library: DatasetLibrary,
): Pick<CallsOf<'datasets'>, DatasetEditCall> {
  const keep = (
    hash: string,
    { base, edits, history }: Pick<EditedDataset, 'base' | 'edits'> & { history: StepHistory<EditStep> },
  ) => {
    const images = editedPictures(base, edits).flatMap(({ excluded, image }) => (excluded === null ? [image] : []));
    const text = datasetEditsText(edits);
    const steps = { undo: stepsText(history.undo), redo: stepsText(history.redo) };
    store.saveDatasetEdits({ hash, edits: text, ...steps, images: images.length, people: countPeople(images) });
  };
  const historyOf = (hash: string): StepHistory<EditStep> => {
    const row = store.dataset(hash);
    return { undo: stepsOf(row?.undo ?? null), redo: stepsOf(row?.redo ?? null) };
  };
  /** Keeps changed edits as a step that can be undone. */
  const change = (hash: string, before: EditedDataset, { edits, done }: { edits: DatasetEdits; done: string }) => {
    const was = store.dataset(hash)?.edits ?? null;
    if (datasetEditsText(edits) === was) return { done: null } satisfies DatasetChange;
    keep(hash, { base: before.base, edits, history: withStep(historyOf(hash), { done, before: was }, mostSteps) });
    return { done } satisfies DatasetChange;
  };
  type Taking = (history: StepHistory<EditStep>, opposite: (step: EditStep) => EditStep) => TakenStep<EditStep> | null;
  /** Takes a step back, or does it again. */
  const take = async (hash: string, taking: Taking): Promise<DatasetChange> => {
    const { base } = await library.edited(hash);
    const now = store.dataset(hash)?.edits ?? null;
    const taken = taking(historyOf(hash), ({ done }) => ({ done, before: now }));
    if (taken === null) return { done: null };
    keep(hash, { base, edits: readDatasetEdits(taken.step.before), history: taken.history });
    return { done: taken.step.done };
  };
  return {
    'datasets.exclude': async ({ hash, people, pictures, excluded }) => {
      const edited = await library.edited(hash);
      refuseOlder(edited);
      const chosen = chosenOf(edited, { people, pictures });
      const edits = excluded ? exclude(edited, chosen) : include(edited, chosen);
      const now = editedPictures(edited.base, edits);
      const changed = now.filter(
        (picture, index) => (picture.excluded === null) !== (edited.pictures[index]?.excluded === null),
      ).length;
      const what =
        people.length > 0 && pictures.length === 0
          ? counted(people.length, 'person', 'people')
          : counted(changed, 'picture', 'pictures');
      return change(hash, edited, { edits, done: excluded ? `${what} excluded` : `${what} included again` });
    },
    'datasets.rename': async ({ hash, person, name: typed, merge }) => {
      const edited = await library.edited(hash);
      const name = typed.normalize('NFC');
      refuseUnprintable(name);
      if (person === null) {
        const named = store.dataset(hash);
        const own = named === null || name === givenName(named) || name === '' ? null : name;
        return change(hash, edited, {
          edits: { ...edited.edits, name: own },
          done: `dataset renamed to ${own ?? (named ? givenName(named) : '')}`,
        });
      }
      if (name === '') throw new ArcBenchError('wrong-input', `${person} needs a name: an empty one was given.`);
      refuseOlder(edited);
      const { people: chosen } = chosenOf(edited, { people: [person], pictures: [] });
      const isTaken = edited.pictures.some(({ image }) => image.identity === name);
      if (isTaken && name !== person && !merge)
        throw new ArcBenchError(
          'wrong-input',
          `There is a person ${name} already: choose another name, or merge the two people.`,
        );
      const people = new Map(edited.edits.people);
      for (const imported of chosen) {
        const own = name === imported ? null : name;
        people.set(imported, { ...personEdit(edited.edits, imported), name: own });
      }
      return change(hash, edited, {
        edits: { ...edited.edits, people },
        done: `${person} ${isTaken ? 'merged into' : 'renamed to'} ${name}`,
      });
    },
    'datasets.tag': async ({ hash, people, pictures, add, remove }) => {
      const edited = await library.edited(hash);
      const tagged = (tags: readonly string[]): readonly string[] =>
        [...new Set([...tags.filter((tag) => !remove.includes(tag)), ...add])].sort();
      const done = tagsInWords({ add, remove });
      if (people.length + pictures.length === 0)
        return change(hash, edited, { edits: { ...edited.edits, tags: tagged(edited.edits.tags) }, done });
      refuseOlder(edited);
      const chosen = chosenOf(edited, { people, pictures });
      const taggedPeople = new Map(edited.edits.people);
      for (const person of chosen.people) {
        const before = personEdit(edited.edits, person);
        taggedPeople.set(person, { ...before, tags: tagged(before.tags) });
      }
      const taggedPictures = new Map(edited.edits.pictures);
      for (const picture of chosen.pictures) set(taggedPictures, edited, picture, { tags: tagged(picture.tags) });
      const edits = { ...edited.edits, people: taggedPeople, pictures: taggedPictures };
      return change(hash, edited, { edits, done });
    },
    'datasets.undo': ({ hash }) => take(hash, undoneStep),
    'datasets.redo': ({ hash }) => take(hash, redoneStep),
  };
}

function tagsInWords({ add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] }): string {
  const words = [
    ...(add.length > 0 ? [`tagged ${add.join(', ')}`] : []),
    ...(remove.length > 0 ? [`no longer tagged ${remove.join(', ')}`] : []),
  ];
  return words.join('; ') || 'tags';
}

/** Throws 'wrong-input' for a name that no folder or list could show. */
function refuseUnprintable(name: string): void {
  if (printable(name) === name) return;
  throw new ArcBenchError('wrong-input', 'The name holds characters that cannot be shown: leave them out.');
}

function refuseOlder({ base }: EditedDataset): void {
  if (base.images.every(({ contentHash }) => contentHash !== undefined)) return;
  throw new ArcBenchError('wrong-input', `The dataset of ${base.source} is of an older version: import it again.`);
}

interface Chosen {
  /** The names that the source gives the chosen people. */
  readonly people: ReadonlySet<string>;
  readonly pictures: readonly EditedPicture[];
}

/** The people and pictures that a call names. Throws 'wrong-input' for one that is not there. */
function chosenOf(
  { base, pictures: all }: EditedDataset,
  { people, pictures }: { readonly people: readonly string[]; readonly pictures: readonly number[] },
): Chosen {
  const wanted = new Set(people);
  const imported = new Set<string>();
  const found = new Set<string>();
  for (const { image, importedAs } of all) {
    if (!wanted.has(image.identity)) continue;
    imported.add(importedAs);
    found.add(image.identity);
  }
  const missing = people.find((person) => !found.has(person));
  if (missing !== undefined)
    throw new ArcBenchError('wrong-input', `There is no person ${missing} in ${base.source}: look at the list again.`);
  return {
    people: imported,
    pictures: pictures.map((index) => {
      const picture = all[index];
      if (picture !== undefined) return picture;
      throw new ArcBenchError('wrong-input', `There is no picture ${index + 1} in ${base.source}: look at it again.`);
    }),
  };
}

function exclude({ base, edits }: EditedDataset, chosen: Chosen): DatasetEdits {
  const people = new Map(edits.people);
  for (const person of chosen.people) people.set(person, { ...personEdit(edits, person), excluded: true });
  const pictures = new Map(edits.pictures);
  for (const picture of chosen.pictures)
    if (picture.excluded === null) set(pictures, { base, edits }, picture, { excluded: true });
  return { ...edits, people, pictures };
}

/**
 * Includes people and pictures again. A picture that was excluded with its person comes back alone: the person's other
 * pictures stay excluded, each by itself.
 */
function include({ base, edits, pictures: all }: EditedDataset, chosen: Chosen): DatasetEdits {
  const people = new Map(edits.people);
  const pictures = new Map(edits.pictures);
  const opened = new Set(chosen.pictures.filter(({ excluded }) => excluded === 'person').map((one) => one.importedAs));
  for (const person of [...chosen.people, ...opened])
    people.set(person, { ...personEdit(edits, person), excluded: false });
  for (const picture of all) {
    if (chosen.people.has(picture.importedAs)) {
      if (pictures.has(pictureKey(base, picture.image))) set(pictures, { base, edits }, picture, { excluded: false });
    } else if (opened.has(picture.importedAs)) set(pictures, { base, edits }, picture, { excluded: true });
  }
  for (const picture of chosen.pictures) set(pictures, { base, edits }, picture, { excluded: false });
  return { ...edits, people, pictures };
}

const personEdit = ({ people }: DatasetEdits, person: string): PersonEdit => people.get(person) ?? noPersonEdit;

function set(
  pictures: Map<string, PictureEdit>,
  { base, edits }: Pick<EditedDataset, 'base' | 'edits'>,
  { image }: EditedPicture,
  changed: Partial<PictureEdit>,
): void {
  const key = pictureKey(base, image);
  const known = edits.pictures.get(key);
  const contentHash = image.contentHash ?? '';
  const before = known?.contentHash === contentHash ? known : { contentHash, excluded: false, tags: [] };
  pictures.set(key, { ...before, ...changed });
}
