import { computed, onScopeDispose, shallowRef, triggerRef, watch, type ComputedRef } from 'vue';
import type { CallInput, CallOutputs } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { asFault } from './useCall.ts';
import { call, onResync } from './workbench.ts';

type PictureCall = 'datasets.pictures' | 'split.pictures';
type PictureOf<Name extends PictureCall> = CallOutputs[Name]['pictures'][number];

const pageSize = 200;

/** The pictures that a call returns, fetched in pages of 200 when they become visible. */
export function usePictures<Name extends PictureCall>(name: Name, of: () => Omit<CallInput<Name>, 'offset' | 'limit'>) {
  type Picture = PictureOf<Name>;
  const pages = shallowRef(new Map<number, readonly Picture[] | 'loading'>());
  const total = shallowRef<number | null>(null);
  const fault = shallowRef<ArcBenchError | null>(null);
  let turn = 0;

  const fetchPage = (page: number): Promise<{ readonly total: number; readonly pictures: readonly Picture[] }> =>
    call(name, { ...of(), offset: page * pageSize, limit: pageSize } as CallInput<Name>);
  const load = async (page: number): Promise<void> => {
    if (pages.value.has(page)) return;
    const asked = turn;
    pages.value.set(page, 'loading');
    try {
      const answer = await fetchPage(page);
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
  /** Fetches what is held again, without showing less meanwhile. */
  const refresh = async (): Promise<void> => {
    const asked = ++turn;
    const held = [...pages.value.keys()];
    const fetched = new Map<number, readonly Picture[]>();
    try {
      for (const page of held) {
        const answer = await fetchPage(page);
        if (asked !== turn) return;
        fetched.set(page, answer.pictures);
        total.value = answer.total;
      }
      pages.value = fetched;
    } catch (error) {
      if (asked !== turn) return;
      fault.value = asFault(error);
      // What was loading belongs to the turn before, and would never come.
      for (const page of held) if (pages.value.get(page) === 'loading') pages.value.delete(page);
      triggerRef(pages);
    }
  };
  watch(() => JSON.stringify(of()), reload, { immediate: true });
  onScopeDispose(onResync(reload));

  const at: ComputedRef<(position: number) => Picture | null> = computed(() => {
    const held = pages.value;
    return (position) => {
      const page = held.get(Math.floor(position / pageSize));
      return page === undefined || page === 'loading' ? null : (page[position % pageSize] ?? null);
    };
  });
  return {
    total,
    fault,
    at,
    /** All pictures that were fetched. */
    heldOf: (): readonly Picture[] => [...pages.value.values()].flatMap((page) => (page === 'loading' ? [] : page)),
    reload,
    refresh,
    /** Fetches the missing pictures from position first to last. */
    want: (first: number, last: number): void => {
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++)
        if (total.value === null || page * pageSize < total.value) void load(page);
    },
    /** Replaces a picture that has changed. */
    put: (picture: Picture): void => {
      for (const [page, pictures] of pages.value) {
        if (pictures !== 'loading' && pictures.some(({ index }) => index === picture.index))
          pages.value.set(
            page,
            pictures.map((old) => (old.index === picture.index ? picture : old)),
          );
      }
      triggerRef(pages);
    },
  };
}
