import type { DatasetChange } from '../../../src-shared/answers/datasetAnswers.ts';
import { call } from '../../client/workbench.ts';
import { ask } from '../../components/ask.ts';
import { confirm } from '../../components/confirm.ts';
import { showFault, showToast, type Toast } from '../../components/toasts.ts';
import type { OtherChange, UndoingWithOthers } from '../../components/useUndo.ts';

/** People of a dataset by name, and pictures by index; neither is the dataset itself. */
export interface ChosenFaces {
  readonly people?: readonly string[];
  readonly pictures?: readonly number[];
}

const wordsOf = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))];
/** What is wrong with tags as they were typed; null where nothing is. */
export function tagFault(text: string): string | null {
  const words = wordsOf(text);
  const wrong = words.find((word) => word.length > 40 || /[=<>!“”"]/.test(word));
  if (wrong !== undefined)
    return `“${wrong.slice(0, 40)}” cannot be a tag: use at most 40 characters, without quotes and = < > !.`;
  return words.length > 20 ? `At most 20 tags are kept; these are ${words.length}.` : null;
}

/**
 * Changes of a dataset by hand. Each says what it did, and can be undone: by the undo of the dataset, or among the
 * steps of a view that has its own.
 */
export function useDatasetEdits(
  hash: () => string,
  view?: Pick<UndoingWithOthers, 'add' | 'undo'> & {
    /** Changes what the view knows of a person by name. */
    readonly renaming: (from: string, to: string) => OtherChange | null;
  },
) {
  const say = (message: Pick<Toast, 'title' | 'action'>): void =>
    showToast({ ...message, tone: 'plain', about: 'edits' });
  async function undo(of = hash()): Promise<void> {
    const { done } = await call('datasets.undo', { hash: of });
    say({ title: done === null ? 'There is nothing to undo.' : `Undone: ${done}` });
  }
  async function redo(of = hash()): Promise<void> {
    const { done } = await call('datasets.redo', { hash: of });
    say({ title: done === null ? 'There is nothing to redo.' : `Redone: ${done}` });
  }
  async function change(changing: Promise<DatasetChange>, also: OtherChange | null = null): Promise<void> {
    const of = hash();
    const { done } = await changing.catch((error: unknown) => {
      also?.undo();
      throw error;
    });
    const undoThis = (): void => {
      also?.undo();
      void undo(of).catch(showFault);
    };
    const redoThis = (): void => {
      also?.redo();
      void redo(of).catch(showFault);
    };
    if (done !== null) view?.add({ undo: undoThis, redo: redoThis });
    const run = view?.undo ?? undoThis;
    if (done !== null) say({ title: done, action: { label: 'Undo', run } });
  }
  const inputOf = ({ people = [], pictures = [] }: ChosenFaces) => ({
    hash: hash(),
    people: [...people],
    pictures: [...pictures],
  });
  async function renamePerson(person: string, others: readonly string[]): Promise<void> {
    const typed = await ask({
      title: `Rename ${person}`,
      label: 'Name',
      value: person,
      action: 'Rename',
      faultOf: (text) => (text.trim() === '' ? 'A name was expected.' : null),
    });
    const name = typed?.trim().normalize('NFC');
    if (name === undefined || name === person) return;
    const merge = others.includes(name);
    const question = {
      title: `Merge ${person} into ${name}?`,
      text: `There is a person ${name} already. The pictures of both then belong to one person. Ctrl+Z takes it back.`,
      action: 'Merge',
    };
    if (merge && !(await confirm(question))) return;
    const also = view?.renaming(person, name) ?? null;
    await change(call('datasets.rename', { hash: hash(), person, name, merge }), also);
  }
  async function renameDataset(name: string): Promise<void> {
    const typed = await ask({
      title: `Rename ${name}`,
      label: 'Name',
      value: name,
      action: 'Rename',
      help: 'The name in ArcBench. Leave it empty to use the name of the folder again, which is not changed.',
    });
    if (typed === null || typed.trim() === name) return;
    await change(call('datasets.rename', { hash: hash(), person: null, name: typed.trim() }));
  }
  async function tag(chosen: ChosenFaces, { of, tags }: { of: string; tags: readonly string[] }): Promise<void> {
    const typed = await ask({
      title: `Tags of ${of}`,
      label: 'Tags',
      value: tags.join(', '),
      action: 'Save',
      help: 'One word each, set apart by blanks or commas. The filter tag = word finds them.',
      faultOf: tagFault,
    });
    if (typed === null) return;
    const words = wordsOf(typed);
    const add = words.filter((word) => !tags.includes(word));
    const remove = tags.filter((word) => !words.includes(word));
    if (add.length + remove.length > 0) await change(call('datasets.tag', { ...inputOf(chosen), add, remove }));
  }
  return {
    undo: () => void undo().catch(showFault),
    redo: () => void redo().catch(showFault),
    exclude: (chosen: ChosenFaces, excluded: boolean): void =>
      void change(call('datasets.exclude', { ...inputOf(chosen), excluded })).catch(showFault),
    /** Asks for a person's new name, and whether two people are merged where another has it. */
    renamePerson: (person: string, others: readonly string[]): void =>
      void renamePerson(person, others).catch(showFault),
    renameDataset: (name: string): void => void renameDataset(name).catch(showFault),
    /** Asks for the tags of what is chosen; `tags` are those that all of it have. */
    tag: (chosen: ChosenFaces, now: { readonly of: string; readonly tags: readonly string[] }): void =>
      void tag(chosen, now).catch(showFault),
  };
}
export type DatasetEditing = ReturnType<typeof useDatasetEdits>;
