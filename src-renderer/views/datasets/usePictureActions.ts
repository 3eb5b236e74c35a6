import { Ban, Maximize2, RotateCcw, Tag, X } from '@lucide/vue';
import type { Picture } from '../../../src-shared/answers/datasetAnswers.ts';
import { formatCount, formatPlural } from '../../components/format.ts';
import type { MenuEntry } from '../../components/menuEntry.ts';
import { commonTags } from './commonTags.ts';
import type { DatasetEditing } from './useDatasetEdits.ts';
import type { PictureMarks } from './usePictureMarks.ts';

/** A picture of a sheet, by its index in the dataset. */
export type SheetPicture = Pick<Picture, 'index' | 'name' | 'tags' | 'excluded'>;

/** What can be done with pictures of a sheet, whose tiles have a `data-position`. */
export function usePictureActions({
  edits,
  marks: { marked, clear, toggle },
  at,
  held,
  open,
}: {
  readonly edits: DatasetEditing;
  readonly marks: PictureMarks;
  /** The picture at a position; null while it is fetched. */
  readonly at: (position: number) => SheetPicture | null;
  /** All pictures that were fetched. */
  readonly held: () => readonly SheetPicture[];
  readonly open: (position: number) => void;
}) {
  /** Pictures that were fetched; others of a large selection count as untagged. */
  function tag(pictures: readonly number[]): void {
    const wanted = new Set(pictures);
    const known = held().filter(({ index }) => wanted.has(index));
    const of = pictures.length === 1 ? (known[0]?.name ?? 'a picture') : `${formatCount(pictures.length)} pictures`;
    edits.tag({ pictures }, { of, tags: known.length < pictures.length ? [] : commonTags(known) });
  }
  const exclude = (pictures: readonly number[], excluded: boolean): void => edits.exclude({ pictures }, excluded);
  const positionOf = (target: EventTarget | null): number | null => {
    const tile = target instanceof Element ? target.closest<HTMLElement>('[data-position]') : null;
    return tile === null ? null : Number(tile.dataset['position']);
  };
  /** The marked pictures, if the one at a place is among them; else that one. */
  const chosenAt = (position: number): readonly number[] => {
    const index = at(position)?.index;
    if (index === undefined) return [];
    return marked.value.has(index) ? [...marked.value] : [index];
  };
  return {
    exclude,
    tag,
    isMarked: (position: number): boolean => marked.value.has(at(position)?.index ?? -1),
    toggleAt: (position: number): void => {
      const index = at(position)?.index;
      if (index !== undefined) toggle(index);
    },
    menuOf: (element: Element): readonly MenuEntry[] => {
      const position = positionOf(element);
      const own = position === null ? null : at(position);
      if (position === null || own === null) return [];
      const pictures = chosenAt(position);
      const many = pictures.length > 1 ? ` ${formatPlural(pictures.length, ['picture', 'pictures'])}` : '';
      const excluding = { label: `Exclude${many}`, icon: Ban, keys: 'Delete', run: () => exclude(pictures, true) };
      const including = { label: `Include${many} again`, icon: RotateCcw, run: () => exclude(pictures, false) };
      const tagging = { label: 'Tags…', icon: Tag, run: () => tag(pictures) };
      if (many !== '')
        return [excluding, including, tagging, 'separator', { label: 'Clear the selection', icon: X, run: clear }];
      const opening = { label: 'Open', icon: Maximize2, keys: 'Enter', run: () => open(position) };
      return [opening, own.excluded === null ? excluding : including, tagging];
    },
    /** Delete excludes; on what is excluded already, it includes it again. Escape clears the selection. */
    onKey: (event: KeyboardEvent): void => {
      const position = positionOf(event.target);
      if (position === null) return;
      if (event.key === 'Delete' || event.key === 'Backspace')
        exclude(chosenAt(position), at(position)?.excluded === null);
      else if (event.key === 'Escape' && marked.value.size > 0) clear();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
