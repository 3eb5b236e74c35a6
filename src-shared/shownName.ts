import { unprintable } from './printable.ts';

/** Signs without width or ink that stand alone in no script: a name with one looks like another name. */
const invisible = /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2064\u2800\u3164\ufeff\uffa0]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * What is wrong with a name that is shown in lists, legends and file names, as 'is blank'; null if it can be told from
 * others by looking at it. Joiners inside a word are part of some scripts.
 */
export function faultOfName(name: string): string | null {
  if (/[\r\n\u0085\u2028\u2029]/.test(name)) return 'has a line break in it';
  if (name.search(unprintable) >= 0) return 'has a character in it that cannot be shown';
  if (invisible.test(name)) return 'has an invisible character in it';
  if (!visible.test(name)) return 'is blank';
  return name === name.trim() ? null : 'begins or ends with a blank';
}

/** A name in quotes, with what cannot be seen written as its code. */
export const quotedName = (name: string): string =>
  JSON.stringify(name).replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (sign) =>
    [...sign].map((each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`).join(''),
  );
