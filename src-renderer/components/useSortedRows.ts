import {
  columnVisibilityFeature,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/vue-table';
import { computed, shallowRef, type ComputedRef } from 'vue';
import { naturalOrder } from '../../src-shared/naturalOrder.ts';
import type { CellValue, DataColumn } from './dataColumn.ts';

export interface SortKey {
  readonly id: string;
  readonly desc: boolean;
}
export type SortDirection = 'ascending' | 'descending' | 'none';

const features = tableFeatures({ rowSortingFeature, columnVisibilityFeature, sortedRowModel: createSortedRowModel() });
type Definition = ColumnDef<typeof features, object>;
interface Comparable {
  getValue: (id: string) => unknown;
}

/** Rows sorted by one or more columns; numbers by size, texts in natural order, absent values last. */
export function useSortedRows<Row>({
  rows,
  columns,
  rowKey,
  sort,
  visibility,
}: {
  readonly rows: () => readonly Row[];
  readonly columns: () => readonly DataColumn<Row>[];
  readonly rowKey: (row: Row) => string;
  /** The initial order. */
  readonly sort: readonly SortKey[];
  readonly visibility: ComputedRef<Readonly<Record<string, boolean>>>;
}): {
  readonly shownRows: ComputedRef<readonly Row[]>;
  /** Sorts by a column; with `adds` it is added to the columns sorted by. */
  readonly sortBy: (column: DataColumn<Row>, adds: boolean) => void;
  readonly directionOf: (id: string) => SortDirection;
} {
  // The table library takes objects only; a row may be anything.
  interface Item {
    readonly row: Row;
  }
  const items = computed<object[]>(() => rows().map((row) => ({ row }) satisfies Item));
  const definitions = computed(() =>
    columns().map(
      (column): Definition =>
        ({
          id: column.id,
          accessorFn: (item: object) => column.value((item as Item).row) ?? undefined,
          enableSorting: column.sortable ?? true,
          sortDescFirst: column.align === 'right',
          sortUndefined: 'last',
          sortFn: (a: Comparable, b: Comparable, id: string) =>
            compare(cellValue(a.getValue(id)), cellValue(b.getValue(id))),
        }) as Definition,
    ),
  );

  const sorting = shallowRef<SortKey[]>([...sort]);
  const table = useTable({
    features,
    columns: definitions,
    data: items,
    getRowId: (item: object) => rowKey((item as Item).row),
    state: computed(() => ({ sorting: sorting.value, columnVisibility: visibility.value })),
    onSortingChange: (next: SortKey[] | ((old: SortKey[]) => SortKey[])) => {
      sorting.value = typeof next === 'function' ? next(sorting.value) : next;
    },
  });
  const shownRows = computed(() => {
    // The row model is not reactive: name what it depends on.
    void [items.value, sorting.value, definitions.value];
    return table.getRowModel().rows.map((entry) => (entry.original as Item).row);
  });
  return {
    shownRows,
    sortBy: (column, adds) => {
      if (column.sortable ?? true) table.getColumn(column.id)?.toggleSorting(undefined, adds);
    },
    directionOf: (id) => {
      const key = sorting.value.find((item) => item.id === id);
      if (key === undefined) return 'none';
      return key.desc ? 'descending' : 'ascending';
    },
  };
}

const cellValue = (value: unknown): CellValue =>
  value === undefined || (typeof value === 'number' && Number.isNaN(value)) ? null : (value as CellValue);
const compare = (a: CellValue, b: CellValue): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : naturalOrder(String(a), String(b));
