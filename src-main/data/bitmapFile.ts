import type { RawPicture } from './warpFace.ts';

/** What the header of a BMP says. */
export interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  /** The first row is the upper one. */
  readonly fromTop: boolean;
  readonly bitsAPixel: number;
  /** Where the pixels begin. */
  readonly offset: number;
  /** Colours of the palette as R, G and B; none where the pixels are colours themselves. */
  readonly palette: readonly (readonly [number, number, number])[];
  /** Bits of red, green and blue in a pixel of 16 or 32 bits. */
  readonly masks: readonly [number, number, number];
}

const shortHeader = 12; // OS/2
const plainHeader = 40;
const uncompressed = 0;
const bitFields = [3, 6];

/**
 * Reads the header of a BMP and checks it. Gives the reason in one sentence if the BMP is compressed. Throws if the
 * header is damaged.
 */
export function readBitmapHeader(file: Buffer): BitmapHeader | { readonly reason: string } {
  const headerSize = file.readUInt32LE(14);
  refuseShorter(file, 14 + headerSize);
  const isShort = headerSize === shortHeader;
  const width = isShort ? file.readUInt16LE(18) : file.readInt32LE(18);
  const signedHeight = isShort ? file.readUInt16LE(20) : file.readInt32LE(22);
  const bitsAPixel = file.readUInt16LE(isShort ? 24 : 28);
  const compression = isShort ? uncompressed : file.readUInt32LE(30);
  const hasMasks = bitFields.includes(compression);
  if (compression !== uncompressed && !hasMasks)
    return { reason: 'The picture is a compressed BMP, which ArcBench does not read: save it again as PNG.' };
  if (width <= 0 || signedHeight === 0 || ![1, 4, 8, 16, 24, 32].includes(bitsAPixel))
    throw new Error('The header of the BMP is damaged.');
  return {
    width,
    height: Math.abs(signedHeight),
    fromTop: signedHeight < 0,
    bitsAPixel,
    offset: file.readUInt32LE(10),
    palette: bitsAPixel <= 8 ? readPalette(file, { headerSize, bitsAPixel, hasMasks }) : [],
    masks: hasMasks ? readMasks(file) : usualMasks(bitsAPixel),
  };
}

function readMasks(file: Buffer): BitmapHeader['masks'] {
  refuseShorter(file, 66);
  return [file.readUInt32LE(54), file.readUInt32LE(58), file.readUInt32LE(62)];
}

function refuseShorter(file: Buffer, bytes: number): void {
  if (file.length < bytes) throw new Error('The BMP ends too early.');
}

const usualMasks = (bitsAPixel: number): BitmapHeader['masks'] =>
  bitsAPixel === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];

function readPalette(
  file: Buffer,
  {
    headerSize,
    bitsAPixel,
    hasMasks,
  }: { readonly headerSize: number; readonly bitsAPixel: number; readonly hasMasks: boolean },
): (readonly [number, number, number])[] {
  const isShort = headerSize === shortHeader;
  const bytesAColour = isShort ? 3 : 4;
  const start = 14 + headerSize + (hasMasks && headerSize === plainHeader ? 12 : 0);
  const used = isShort ? 0 : file.readUInt32LE(46);
  const most = 2 ** bitsAPixel;
  const count = used === 0 ? most : Math.min(used, most);
  refuseShorter(file, start + count * bytesAColour);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * bytesAColour;
    return [file.readUInt8(at + 2), file.readUInt8(at + 1), file.readUInt8(at)] as const;
  });
}

/** Decodes an uncompressed BMP to RGB. Throws if the file ends too early or a colour is not in its palette. */
export function decodeBitmap(file: Buffer, header: BitmapHeader): RawPicture {
  const { width, height, fromTop, bitsAPixel, offset } = header;
  const bytesARow = Math.ceil((bitsAPixel * width) / 32) * 4;
  refuseShorter(file, offset + bytesARow * height);
  const pixels = new Uint8Array(width * height * 3);
  const colourAt = colourReader(file, header);
  for (let y = 0; y < height; y++) {
    const row = offset + bytesARow * (fromTop ? y : height - 1 - y);
    for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
      const colour = colourAt(row, x);
      pixels[at] = colour >> 16;
      pixels[at + 1] = (colour >> 8) & 0xff;
      pixels[at + 2] = colour & 0xff;
    }
  }
  return { pixels, width, height };
}

/** Gives the colour of pixel x in the row that begins at a byte, as 0xRRGGBB. */
function colourReader(file: Buffer, header: BitmapHeader): (row: number, x: number) => number {
  const { bitsAPixel, masks } = header;
  switch (bitsAPixel) {
    case 24:
      return (row, x) => file.readUIntLE(row + x * 3, 3);
    case 16:
      return masked((row, x) => file.readUInt16LE(row + x * 2), masks);
    case 32:
      return masked((row, x) => file.readUInt32LE(row + x * 4), masks);
    default:
      return paletteReader(file, header);
  }
}

function paletteReader(file: Buffer, { bitsAPixel, palette }: BitmapHeader): (row: number, x: number) => number {
  const pixelsAByte = 8 / bitsAPixel;
  const mask = 2 ** bitsAPixel - 1;
  const colours = palette.map(([red, green, blue]) => (red << 16) | (green << 8) | blue);
  return (row, x) => {
    const byte = file.readUInt8(row + Math.floor(x / pixelsAByte));
    const index = (byte >> (8 - bitsAPixel * ((x % pixelsAByte) + 1))) & mask;
    const colour = colours[index];
    if (colour === undefined) throw new Error('The BMP has a colour that is not in its palette.');
    return colour;
  };
}

/** Widens the masked bits of a pixel to 8 bits for each of red, green and blue. */
function masked(
  valueAt: (row: number, x: number) => number,
  masks: BitmapHeader['masks'],
): (row: number, x: number) => number {
  const [red, green, blue] = masks.map((mask) => {
    const lowest = mask === 0 ? 1 : (mask & -mask) >>> 0;
    const most = Math.floor((mask >>> 0) / lowest);
    return (value: number) => (most === 0 ? 0 : Math.round(((((value & mask) >>> 0) / lowest) * 255) / most));
  }) as [(value: number) => number, (value: number) => number, (value: number) => number];
  return (row, x) => {
    const value = valueAt(row, x);
    return (red(value) << 16) | (green(value) << 8) | blue(value);
  };
}
