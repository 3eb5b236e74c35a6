import { printable } from '../../src-shared/printable.ts';

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' };
/** Escapes text so that Markdown and HTML show it as it is, also in a table cell and at the start of a line. */
export const escapeMarkdown = (text: string): string =>
  printable(text.replace(/[\r\n]+/g, ' '))
    .replace(/[\\`*_[\]|<>~$#&]/g, (character) => entities[character] ?? `\\${character}`)
    .replace(/^(\s*\d{0,9})([-+.)])(?=\s|$)/, '$1\\$2');

/** A table whose cells are Markdown already. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => ' --- |').join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

/** A table whose rows and columns are swapped where it would be wider than a page. */
export const narrowTable = (head: readonly string[], rows: readonly (readonly string[])[], corner: string): string =>
  head.length <= 6
    ? table(head, rows)
    : table(
        [corner, ...rows.map((row) => row[0] ?? '')],
        head.slice(1).map((name, column) => [name, ...rows.map((row) => row[column + 1] ?? '')]),
      );

/** A list of at most `most` items, and a last line that says how many more there are. */
export const bounded = (items: readonly string[], most: number, rest: (more: number) => string): string =>
  [...items.slice(0, most), ...(items.length > most ? [rest(items.length - most)] : [])]
    .map((item) => `- ${item}`)
    .join('\n');

/** A path or name as code, or as escaped text where it would break the code span or the table cell. */
export const code = (text: string): string => (/[`|\p{C}]/u.test(text) ? escapeMarkdown(text) : `\`${text}\``);
export const paragraphs = (parts: readonly (string | null)[]): string =>
  parts.filter((part) => part !== null && part !== '').join('\n\n');

/** The last two parts of a path: person and picture. */
export const shortFile = (file: string): string => file.split(/[\\/]/).slice(-2).join('/');
