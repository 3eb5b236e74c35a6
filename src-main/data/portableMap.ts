import type { RawPicture } from './warpFace.ts';

/** What the header of a PGM or PPM says. */
export interface PortableMapHeader {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** The value of white. */
  readonly most: number;
  /** Values are written as numbers in text. */
  readonly asText: boolean;
  /** Where the pixels begin. */
  readonly offset: number;
}

// Codes of characters. Blanks, tabs and ends of lines are not above 32.
const lineFeed = 10;
const blank = 32;
const hash = 35;

/** Reads the header of a PGM (P2, P5) or PPM (P3, P6). Throws if it is damaged. */
export function readPortableMapHeader(file: Buffer): PortableMapHeader {
  const kind = file.toString('latin1', 0, 2);
  const reader = numbersFrom(file, 2);
  const width = reader.next();
  const height = reader.next();
  const most = reader.next();
  if (!(width > 0 && height > 0 && most > 0 && most < 65536)) throw new Error('The header of the picture is damaged.');
  return {
    width,
    height,
    channels: kind === 'P3' || kind === 'P6' ? 3 : 1,
    most,
    asText: kind === 'P2' || kind === 'P3',
    offset: reader.place() + 1, // one blank after the last number
  };
}

/** Decodes a PGM or PPM to RGB of 8 bits. Throws if the file ends too early. */
export function decodePortableMap(file: Buffer, header: PortableMapHeader): RawPicture {
  const { width, height, channels, most } = header;
  const pixels = new Uint8Array(width * height * 3);
  const valueAt = valueReader(file, header);
  for (let at = 0; at < pixels.length; at += 3) {
    for (let channel = 0; channel < 3; channel++) {
      // Grey has one value for all three channels.
      const value =
        channels === 1 && channel > 0 ? (pixels[at] ?? 0) : Math.round((Math.min(most, valueAt()) * 255) / most);
      pixels[at + channel] = value;
    }
  }
  return { pixels, width, height };
}

/** Gives one value after the other. */
function valueReader(file: Buffer, { width, height, channels, most, asText, offset }: PortableMapHeader): () => number {
  if (asText) return numbersFrom(file, offset - 1).next;
  const bytes = most > 255 ? 2 : 1;
  if (file.length < offset + width * height * channels * bytes) throw new Error('The picture ends too early.');
  let at = offset;
  return () => {
    const value = bytes === 1 ? file.readUInt8(at) : file.readUInt16BE(at);
    at += bytes;
    return value;
  };
}

/** Reads numbers in text, one after the other, past blanks and comments from # to the end of the line. */
function numbersFrom(file: Buffer, start: number): { readonly next: () => number; readonly place: () => number } {
  let at = start;
  const code = () => file[at] ?? 0;
  const isDigit = () => code() >= 48 && code() <= 57;
  const skipComment = () => {
    while (at < file.length && code() !== lineFeed) at++;
  };
  const next = (): number => {
    for (; at < file.length && (code() <= blank || code() === hash); at++) if (code() === hash) skipComment();
    const first = at;
    while (at < file.length && isDigit()) at++;
    if (at === first) throw new Error('A number was expected in the picture.');
    return Number(file.toString('latin1', first, at));
  };
  return { next, place: () => at };
}
