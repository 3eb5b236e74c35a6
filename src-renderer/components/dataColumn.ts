export type CellValue = string | number | null;

/** A column of a DataTable. The slot `cell-<id>` ({ row, value }) draws its cells; without it, `format` is shown. */
export interface DataColumn<Row> {
  readonly id: string;
  readonly header: string;
  /** The cell's value, by which rows are sorted; null sorts last. */
  readonly value: (row: Row) => CellValue;
  readonly format?: (value: string | number) => string;
  /** Explains the column in a tooltip. */
  readonly help?: string;
  readonly align?: 'left' | 'right';
  /** In pixels; the minimum for a column that grows. */
  readonly width?: number;
  readonly grow?: boolean;
  /** Stays at the left when the table scrolls sideways. Pinned columns come first. */
  readonly pinned?: boolean;
  readonly sortable?: boolean;
  /** Hidden until the user chooses it. */
  readonly hidden?: boolean;
}
