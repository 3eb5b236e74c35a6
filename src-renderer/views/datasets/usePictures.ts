import { computed, onScopeDispose, shallowRef, triggerRef, watch, type ComputedRef } from 'vue';
import type { Picture } from '../../../src-shared/api.ts';
import type { ArcBenchError } from '../../../src-shared/errors.ts';
import { asFault } from '../../client/useCall.ts';
import { call, onResync } from '../../client/workbench.ts';

const pageSize = 200;

/** The pictures of a dataset or of one person in it, fetched in pages of 200 as they come into sight. */
export function usePictures(of: () => { readonly hash: string; readonly identity: string | null }) {
  const pages = shallowRef(new Map<number, readonly Picture[] | 'loading'>());
  const total = shallowRef<number | null>(null);
  const fault = shallowRef<ArcBenchError | null>(null);
  let turn = 0;

  const load = async (page: number): Promise<void> => {
    if (pages.value.has(page)) return;
    const asked = turn;
    pages.value.set(page, 'loading');
    try {
      const answer = await call('datasets.pictures', { ...of(), offset: page * pageSize, limit: pageSize });
      if (asked !== turn) return;
      pages.value.set(page, answer.pictures);
      [total.value, fault.value] = [answer.total, null];
    } catch (error) {
      if (asked !== turn) return;
      pages.value.delete(page);
      fault.value = asFault(error);
    }
    triggerRef(pages);
  };
  const reload = (): void => {
    turn += 1;
    pages.value = new Map();
    total.value = null;
    fault.value = null;
    void load(0);
  };
  watch(() => JSON.stringify(of()), reload, { immediate: true });
  onScopeDispose(onResync(reload));

  const at: ComputedRef<(position: number) => Picture | null> = computed(() => {
    const held = pages.value;
    return (position) => {
      const page = held.get(Math.floor(position / pageSize));
      return page === undefined || page === 'loading' ? null : page[position % pageSize] ?? null;
    };
  });
  return {
    total, fault, at, reload,
    /** Fetches what is not there yet of the positions from first to last. */
    want: (first: number, last: number): void => {
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++) if (total.value === null || page * pageSize < total.value) void load(page);
    },
    /** Puts a changed picture in the place of the old one. */
    put: (picture: Picture): void => {
      for (const [page, pictures] of pages.value) {
        if (pictures !== 'loading' && pictures.some(({ index }) => index === picture.index)) pages.value.set(page, pictures.map((old) => (old.index === picture.index ? picture : old)));
      }
      triggerRef(pages);
    },
  };
}
