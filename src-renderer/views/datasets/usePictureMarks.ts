import { shallowRef, watch } from 'vue';
import type { CallInput } from '../../../src-shared/api.ts';
import { call } from '../../client/workbench.ts';
import { showFault, showToast } from '../../components/toasts.ts';

const pageSize = 500;
const mostMarked = 50_000;

/** The marked pictures of a sheet, by index. They are marked until the sheet shows other pictures. */
export function usePictureMarks(of: () => Omit<CallInput<'datasets.pictures'>, 'offset' | 'limit'>) {
  const marked = shallowRef<ReadonlySet<number>>(new Set());
  const clear = (): void => {
    marked.value = new Set();
  };
  watch(() => JSON.stringify(of()), clear);
  /** Marks the pictures of a range of places, which the sheet need not have fetched. */
  async function markRange({ first, last }: { readonly first: number; readonly last: number }): Promise<void> {
    const end = Math.min(last + 1, first + mostMarked);
    const found = new Set(marked.value);
    for (let offset = first; offset < end; offset += pageSize) {
      const page = { ...of(), offset, limit: Math.min(pageSize, end - offset) };
      for (const { index } of (await call('datasets.pictures', page)).pictures) found.add(index);
    }
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
