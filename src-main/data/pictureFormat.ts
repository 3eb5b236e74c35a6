import { extname } from 'node:path';

/** Formats that ArcBench decodes. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

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
]);
const otherPictureExtensions = new Set([
  '.bmp',
  '.pgm',
  '.ppm',
  '.pbm',
  '.pnm',
  '.heic',
  '.heif',
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

/** The format of a file, by its first bytes (16 or more); undefined if ArcBench does not decode it. */
export function pictureFormatOf(bytes: Uint8Array): PictureFormat | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 32)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff';
  if (text.slice(4, 8) === 'ftyp' && /avif|avis/.test(text.slice(8))) return 'avif';
  return undefined;
}
