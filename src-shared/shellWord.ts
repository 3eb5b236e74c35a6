import { unprintable } from './printable.ts';

/** Text as one word of a shell's command, on one line whatever it holds. */
export function shellWord(text: string): string {
  if (/^[\w./-]+$/.test(text)) return text;
  if (text.search(unprintable) < 0) return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${text.replace(/[\\']/g, '\\$&').replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}
