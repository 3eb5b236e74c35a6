const runsAsFormula = /^'*(?:[\t\r\n]|[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠])/;
const plainNumber = /^[+-]?[\d.,]+(?:e[+-]?\d+)?(?: ?%)?$/i; // a spreadsheet reads it as what it is

/**
 * A text for a cell of a CSV or TSV. A spreadsheet runs a cell that begins with =, +, - or @ as a formula, some also
 * after blanks or where the sign is a wide one. Such a text gets a single quote in front, unless it is a number;
 * `textOfCell` takes it off again.
 */
export const textCell = (text: string): string =>
  runsAsFormula.test(text) && !plainNumber.test(text) ? `'${text}` : text;

/** The text that `textCell` was given. Cells that were written without it stay as they are. */
export const textOfCell = (cell: string): string =>
  cell.startsWith("'") && runsAsFormula.test(cell) ? cell.slice(1) : cell;

/** A text as a cell of a CSV, quoted where it must be: a semicolon parts cells in some countries. */
export function csvCell(text: string): string {
  const cell = textCell(text);
  return /[",;\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A text as a cell of a TSV, which has no quotes: tabs and line ends become spaces. */
export const tsvCell = (text: string): string => textCell(text.replace(/[\t\r\n]/g, ' '));
