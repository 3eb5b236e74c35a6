import { useLocalStorage } from '@vueuse/core';
import { computed, ref, type ComputedRef, type Ref } from 'vue';
import type { DataColumn } from './dataColumn.ts';
import type { MenuEntry } from './menuEntry.ts';

/** Width of the column of checkboxes, in pixels. */
const markWidth = 32;

/** Which columns of a table are shown, which are pinned to its left, and how wide they are. */
export function useTableColumns<Row>({
  columns,
  hasMarks,
  storageKey,
}: {
  readonly columns: () => readonly DataColumn<Row>[];
  /** Whether the table begins with a column of checkboxes. */
  readonly hasMarks: () => boolean;
  /** The user's choice is kept in this browser under this name. */
  readonly storageKey: string | undefined;
}): {
  readonly shownColumns: ComputedRef<readonly DataColumn<Row>[]>;
  readonly visibility: ComputedRef<Readonly<Record<string, boolean>>>;
  readonly isPinned: (column: DataColumn<Row>) => boolean;
  /** Distance of each pinned column from the left edge, as CSS. */
  readonly pinnedAt: ComputedRef<ReadonlyMap<string, string>>;
  /** As CSS `grid-template-columns`. */
  readonly template: ComputedRef<string>;
  /** In pixels. */
  readonly leastWidth: ComputedRef<number>;
  readonly menu: ComputedRef<MenuEntry[]>;
} {
  const choiceOf = (what: string): Ref<Record<string, boolean>> =>
    storageKey === undefined ? ref({}) : useLocalStorage(`arcbench.${what}.${storageKey}`, {});
  const pinned = choiceOf('pinned');
  const chosen = choiceOf('columns');

  const isPinned = (column: DataColumn<Row>): boolean => pinned.value[column.id] ?? column.pinned ?? false;
  const ordered = computed(() => [...columns()].sort((a, b) => Number(isPinned(b)) - Number(isPinned(a))));
  const visibility = computed(() => ({
    ...Object.fromEntries(columns().map((column) => [column.id, !column.hidden])),
    ...chosen.value,
  }));
  const shownColumns = computed(() => ordered.value.filter((column) => visibility.value[column.id]));

  const widthOf = (column: DataColumn<Row>): number => column.width ?? (column.grow ? 140 : 110);
  const trackOf = (column: DataColumn<Row>): string =>
    column.grow && !isPinned(column) ? `minmax(${widthOf(column)}px, 1fr)` : `${widthOf(column)}px`;
  const marksWidth = computed(() => (hasMarks() ? markWidth : 0));
  const template = computed(() => {
    const tracks = shownColumns.value.map(trackOf);
    return [...(hasMarks() ? [`${markWidth}px`] : []), ...tracks].join(' ');
  });
  const leastWidth = computed(() =>
    shownColumns.value.reduce((sum, column) => sum + widthOf(column), marksWidth.value),
  );
  const pinnedAt = computed(() => {
    const places = new Map<string, string>();
    let left = marksWidth.value;
    for (const column of shownColumns.value.filter(isPinned)) {
      places.set(column.id, `${left}px`);
      left += widthOf(column);
    }
    return places;
  });

  const isVisible = (column: DataColumn<Row>): boolean => visibility.value[column.id] ?? true;
  const menu = computed((): MenuEntry[] => [
    { heading: 'Pinned to the left' },
    ...shownColumns.value.map((column) => ({
      label: column.header,
      checked: isPinned(column),
      run: () => {
        pinned.value = { ...pinned.value, [column.id]: !isPinned(column) };
      },
    })),
    'separator',
    { heading: 'Columns' },
    ...ordered.value.map((column) => ({
      label: column.header,
      checked: isVisible(column),
      run: () => {
        chosen.value = { ...chosen.value, [column.id]: !isVisible(column) };
      },
    })),
  ]);
  return { shownColumns, visibility, isPinned, pinnedAt, template, leastWidth, menu };
}
