import { useVirtualizer, type Virtualizer } from '@tanstack/vue-virtual';
import { computed, nextTick, ref, watch, type Ref } from 'vue';

const headHeight = 30; // pixels
const rowsBeyond = 12; // drawn above and below the visible ones

/** Draws only the visible rows of a table, and keeps the row that the keyboard is on. */
export function useTableCursor({
  scroller,
  count,
  rowHeight,
}: {
  readonly scroller: Readonly<Ref<HTMLElement | null>>;
  readonly count: () => number;
  readonly rowHeight: () => number;
}): {
  readonly virtualizer: Ref<Virtualizer<HTMLElement, Element>>;
  readonly cursor: Ref<number>;
  readonly moveTo: (index: number) => Promise<void>;
  /** The row that a key leads to; undefined where it leads nowhere. */
  readonly targetOf: (key: string) => number | undefined;
} {
  const virtualizer = useVirtualizer<HTMLElement, Element>(
    computed(() => ({
      count: count(),
      getScrollElement: () => scroller.value,
      estimateSize: () => rowHeight(),
      overscan: rowsBeyond,
      scrollPaddingStart: headHeight,
    })),
  );
  const cursor = ref(0);
  watch(count, (length) => {
    cursor.value = Math.min(cursor.value, Math.max(0, length - 1));
  });

  async function moveTo(index: number): Promise<void> {
    if (count() === 0) return;
    cursor.value = Math.min(count() - 1, Math.max(0, index));
    virtualizer.value.scrollToIndex(cursor.value);
    await nextTick();
    requestAnimationFrame(() => {
      const row = scroller.value?.querySelector<HTMLElement>(`[data-index="${cursor.value}"]`);
      row?.focus({ preventScroll: true });
    });
  }
  function targetOf(key: string): number | undefined {
    const page = Math.max(1, Math.floor((scroller.value?.clientHeight ?? 300) / rowHeight()) - 2);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: cursor.value + 1,
      ArrowUp: cursor.value - 1,
      PageDown: cursor.value + page,
      PageUp: cursor.value - page,
      Home: 0,
      End: count() - 1,
    };
    return targets[key];
  }
  return { virtualizer, cursor, moveTo, targetOf };
}
