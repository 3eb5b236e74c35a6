export type CellValue = string | number | null;

/**
 * A column of a DataTable. The slot `cell-<id>` ({ row, value }) may draw its cells; else `format` or the value itself
 * is shown.
 */
export interface DataColumn<Row> {
  readonly id: string;
  readonly header: string;
  /** What the column sorts by; null sorts last. */
  readonly value: (row: Row) => CellValue;
  readonly format?: (value: string | number) => string;
  /** Longer words on the column, at hover. */
  readonly help?: string;
  readonly align?: 'left' | 'right';
  /** Pixels; the width of a column that grows is its least. */
  readonly width?: number;
  readonly grow?: boolean;
  /** Stays at the left when the table is moved sideways; pinned columns come first. */
  readonly pinned?: boolean;
  readonly sortable?: boolean;
  /** Not shown until it is chosen. */
  readonly hidden?: boolean;
}
