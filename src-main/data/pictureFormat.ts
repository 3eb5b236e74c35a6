import { extname } from 'node:path';

/** Formats that ArcBench decodes. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'bmp' | 'pnm';

/** The formats that are read, as a list in a sentence. */
export const readablePictures = 'JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PPM or PGM';

const readableExtensions = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
  '.bmp',
  '.dib',
  '.pgm',
  '.ppm',
  '.pnm',
]);
const otherPictureExtensions = new Set([
  '.pbm',
  '.heic',
  '.heif',
  '.hif',
  '.jp2',
  '.jxl',
  '.psd',
  '.svg',
  '.raw',
  '.cr2',
  '.cr3',
  '.nef',
  '.arw',
  '.dng',
  '.ico',
  '.tga',
  '.exr',
  '.hdr',
  '.eps',
]);
const otherExtensions = new Set([
  '.txt',
  '.md',
  '.rst',
  '.csv',
  '.tsv',
  '.json',
  '.jsonl',
  '.xml',
  '.yaml',
  '.yml',
  '.toml',
  '.ini',
  '.html',
  '.htm',
  '.pdf',
  '.zip',
  '.gz',
  '.tar',
  '.7z',
  '.rar',
  '.mat',
  '.npy',
  '.npz',
  '.h5',
  '.pkl',
  '.pt',
  '.pth',
  '.pts',
  '.db',
  '.sqlite',
  '.log',
  '.py',
  '.m',
  '.sh',
  '.ipynb',
  '.lst',
  '.rec',
  '.idx',
  '.bin',
  '.doc',
  '.docx',
  '.xls',
  '.xlsx',
  '.mp4',
  '.avi',
  '.mov',
  '.lnk',
  '.url',
  '.sha256',
  '.md5',
]);
const otherNames = new Set([
  'thumbs.db',
  'desktop.ini',
  'readme',
  'license',
  'licence',
  'copying',
  'changelog',
  'makefile',
]);

/** What a file is, by its name. */
export function pictureKindOfName(name: string): 'picture' | 'unsupported-picture' | 'other' | 'unknown' {
  const extension = extname(name).toLowerCase();
  if (readableExtensions.has(extension)) return 'picture';
  if (otherPictureExtensions.has(extension)) return 'unsupported-picture';
  if (otherExtensions.has(extension) || otherNames.has(name.toLowerCase())) return 'other';
  return 'unknown';
}

const heic =
  'The picture is in HEIC, the format of iPhone photographs, which ArcBench does not read: convert it to JPEG, with ' +
  '`heif-convert` or by exporting it from Photos; an iPhone set to Most Compatible takes JPEG itself.';

/** Why a picture of this name is not read. */
export function unreadableReason(name: string): string {
  if (/\.(heic|heif|hif)$/i.test(name)) return heic;
  return `ArcBench reads ${readablePictures} pictures, but not this format: convert the picture to PNG.`;
}

/** Why a file that begins with these bytes is not read. */
export function unreadableContent(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 32)).toString('latin1');
  if (text.slice(4, 8) === 'ftyp' && /hei[cxms]|hev[cx]|mif1|msf1/.test(text.slice(8))) return heic;
  if (text.startsWith('version https://git-lfs'))
    return 'The file only stands for a picture that Git LFS keeps: fetch the pictures with `git lfs pull`.';
  if (/^\s*<(?:!doctype|html)/i.test(text))
    return 'The file is a web page that was saved under the name of a picture: download the picture again.';
  return `The file is not a ${readablePictures} picture, whatever its name says: convert it to PNG.`;
}

const bitmapHeaderSizes = [12, 40, 52, 56, 64, 108, 124];

/** The format of a file, by its first bytes (16 or more); undefined if ArcBench does not decode it. */
export function pictureFormatOf(bytes: Uint8Array): PictureFormat | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 32)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff';
  if (text.slice(4, 8) === 'ftyp' && /avif|avis/.test(text.slice(8))) return 'avif';
  if (text.startsWith('BM') && bytes.byteLength >= 18 && bitmapHeaderSizes.includes(text.charCodeAt(14))) return 'bmp';
  if (/^P[2356]\s+[\d#]/.test(text)) return 'pnm';
  return undefined;
}
