import { shallowRef, watch } from 'vue';
import { showFault, showToast } from '../../components/toasts.ts';

const pageSize = 500;
const mostMarked = 50_000;

/** The marked pictures of a sheet, by their index in the dataset. They are marked until the sheet shows others. */
export function usePictureMarks({
  of,
  indexesOf,
}: {
  /** What the sheet shows. */
  readonly of: () => object;
  /** The indexes of the pictures of some places. */
  readonly indexesOf: (page: { readonly offset: number; readonly limit: number }) => Promise<readonly number[]>;
}) {
  const marked = shallowRef<ReadonlySet<number>>(new Set());
  const clear = (): void => {
    marked.value = new Set();
  };
  watch(() => JSON.stringify(of()), clear);
  /** Marks the pictures of a range of places, which the sheet need not have fetched. */
  async function markRange({ first, last }: { readonly first: number; readonly last: number }): Promise<void> {
    const end = Math.min(last + 1, first + mostMarked);
    const found = new Set(marked.value);
    for (let offset = first; offset < end; offset += pageSize)
      for (const index of await indexesOf({ offset, limit: Math.min(pageSize, end - offset) })) found.add(index);
    marked.value = found;
    if (end <= last)
      showToast({ tone: 'plain', title: `At most ${mostMarked.toLocaleString('en')} pictures are selected at once.` });
  }
  return {
    marked,
    clear,
    toggle: (index: number): void => {
      const next = new Set(marked.value);
      if (!next.delete(index)) next.add(index);
      marked.value = next;
    },
    markRange: (range: { readonly first: number; readonly last: number }) => void markRange(range).catch(showFault),
  };
}
export type PictureMarks = ReturnType<typeof usePictureMarks>;
