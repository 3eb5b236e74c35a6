const delimiters = [',', ';', '\t', '|'] as const;

/** What separates the columns of a table. */
export type Delimiter = (typeof delimiters)[number];

/**
 * The text of a table without what stands above its header, such as comments and the `sep=;` of Excel, and what
 * separates its columns. Lines keep their numbers.
 */
export function tableText(content: string): { readonly text: string; readonly delimiter: Delimiter } {
  const text = content.replace(/^\ufeff/, '');
  const lineEnd = /[\r\n]/g;
  // What stands above the header is cut off in one go: a cut for each line takes minutes where there are many.
  const above: string[] = [];
  let stated: Delimiter | undefined;
  for (let start = 0; ; start = lineEnd.lastIndex) {
    const end = lineEnd.exec(text);
    const line = text.slice(start, end?.index);
    stated ??= delimiters.find((one) => line.trim().toLowerCase() === `sep=${one}`.trim());
    const isAbove = line.trim() === '' || line.startsWith('#') || line.toLowerCase().startsWith('sep=');
    if (!isAbove || end === null)
      return { text: above.join('') + text.slice(start), delimiter: stated ?? delimiterOf(line) };
    above.push(end[0]);
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
