import { unprintable } from '../../src-shared/printable.ts';

const longestName = 255; // bytes; file systems allow no more
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i; // devices of Windows, with any ending

/** Whether a name of a file or folder is valid, and means the same, on Linux, macOS and Windows. */
export const isPlainName = (name: string): boolean =>
  name !== '' &&
  Buffer.byteLength(name) <= longestName &&
  name.search(/[/\\:*?"<>|]/) < 0 &&
  name.search(unprintable) < 0 &&
  !/^ |[ .]$/.test(name) &&
  !reserved.test(name);

/** Whether a name of a file or folder is valid on this system. */
export const isNameHere = (name: string, system: NodeJS.Platform = process.platform): boolean =>
  system === 'win32'
    ? isPlainName(name)
    : !['', '.', '..'].includes(name) && Buffer.byteLength(name) <= longestName && !/[/\\\0]/.test(name);

/** What two names share where a file system ignores upper and lower case and how accents are composed. */
export const caseless = (name: string): string => name.normalize('NFC').toLowerCase().normalize('NFC');

/** The name with each character that some system forbids as `_`; it may still not be plain. */
export const withoutForbidden = (name: string): string =>
  name
    .replace(unprintable, '\ufffd')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^ +|(?<![ .])[ .]+$/g, (blanks) => '_'.repeat(blanks.length))
    .replace(reserved, '_$&');
