const delimiters = [',', ';', '\t', '|'] as const;

/** What separates the columns of a table. */
export type Delimiter = (typeof delimiters)[number];

/**
 * The text of a table without what stands above its header, such as comments and the `sep=;` of Excel, and what
 * separates its columns. Lines keep their numbers.
 */
export function tableText(content: string): { readonly text: string; readonly delimiter: Delimiter } {
  let text = content.replace(/^\ufeff/, '');
  let start = 0;
  let stated: Delimiter | undefined;
  for (;;) {
    const end = text.slice(start).search(/[\r\n]/);
    const line = end < 0 ? text.slice(start) : text.slice(start, start + end);
    stated ??= delimiters.find((one) => line.trim().toLowerCase() === `sep=${one}`.trim());
    const isAbove = line.trim() === '' || line.startsWith('#') || line.toLowerCase().startsWith('sep=');
    if (!isAbove || end < 0) return { text, delimiter: stated ?? delimiterOf(line) };
    text = text.slice(0, start) + ' '.repeat(line.length) + text.slice(start + end);
    start += end + 1;
  }
}

/** The separator that the header has most of, outside of quotes. Spreadsheets write a semicolon in some languages. */
function delimiterOf(head: string): Delimiter {
  const bare = head
    .split('"')
    .filter((_, at) => at % 2 === 0)
    .join('');
  const counted = delimiters.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }));
  return counted.reduce((most, one) => (one.count > most.count ? one : most)).delimiter;
}
