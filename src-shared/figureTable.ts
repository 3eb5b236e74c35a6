import { z } from 'zod';

const cell = z.union([z.string(), z.number(), z.null()]);
const figureTable = z.object({ columns: z.array(z.string()), rows: z.array(z.array(cell)) });

/** What a chart of a report shows, as a table. The chart's SVG carries it as its metadata. */
export interface FigureTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const digits = 6;
const shortened = (value: string | number | null): string | number | null =>
  typeof value === 'number' ? Number(value.toPrecision(digits)) : value;

/** A table as the text that a chart carries; numbers have six significant digits. */
export const writeFigureTable = ({ columns, rows }: FigureTable): string =>
  JSON.stringify({ columns, rows: rows.map((row) => row.map(shortened)) });

/** The table that a chart carries; null where it carries none, such as one of an older version. */
export function readFigureTable(text: string): FigureTable | null {
  try {
    return figureTable.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // not JSON
  }
}
