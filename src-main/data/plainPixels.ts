import { decodeBitmap, readBitmapHeader } from './bitmapFile.ts';
import { pictureFormatOf } from './pictureFormat.ts';
import { decodePortableMap, readPortableMapHeader } from './portableMap.ts';
import type { RawPicture } from './warpFace.ts';

/** A picture in a format that sharp does not read: its size, and how to decode it to RGB. */
export interface PlainPixels {
  readonly width: number;
  readonly height: number;
  readonly decode: () => RawPicture;
}

/**
 * Reads the header of a BMP, PGM or PPM, which sharp does not read; null for a file of another format. Gives the reason
 * in one sentence if it cannot be read. Throws if the header is damaged.
 */
export function plainPixels(file: Buffer): PlainPixels | { readonly reason: string } | null {
  switch (pictureFormatOf(file)) {
    case 'bmp': {
      const header = readBitmapHeader(file);
      if ('reason' in header) return header;
      return { width: header.width, height: header.height, decode: () => decodeBitmap(file, header) };
    }
    case 'pnm': {
      const header = readPortableMapHeader(file);
      return { width: header.width, height: header.height, decode: () => decodePortableMap(file, header) };
    }
    default:
      return null;
  }
}
