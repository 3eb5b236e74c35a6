/** Text that Markdown and HTML take as it is, in a table cell too. */
export const escapeMarkdown = (text: string): string => text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]|<>~]/g, (character) => (character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`));

/** A table whose cells are Markdown already. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => [`| ${head.join(' | ')} |`, `|${head.map(() => ' --- |').join('')}`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

/** A table with rows for columns where it would be wider than a page. */
export const narrowTable = (head: readonly string[], rows: readonly (readonly string[])[], corner: string): string =>
  (head.length <= 6 ? table(head, rows) : table([corner, ...rows.map((row) => row[0] ?? '')], head.slice(1).map((name, column) => [name, ...rows.map((row) => row[column + 1] ?? '')])));

/** A list of at most so many items, with a word on the rest. */
export const bounded = (items: readonly string[], most: number, rest: (more: number) => string): string =>
  [...items.slice(0, most), ...(items.length > most ? [rest(items.length - most)] : [])].map((item) => `- ${item}`).join('\n');

export const code = (text: string): string => `\`${text.replace(/[`\r\n]/g, "'")}\``;
export const paragraphs = (parts: readonly (string | null)[]): string => parts.filter((part) => part !== null && part !== '').join('\n\n');

/** A file by its last two parts: person and picture. */
export const shortFile = (file: string): string => file.split(/[\\/]/).slice(-2).join('/');
