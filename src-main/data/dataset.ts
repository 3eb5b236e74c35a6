import { createHash } from 'node:crypto';
import { relative } from 'node:path';

/** One picture of one person. Landmarks are ten numbers x0,y0..x4,y4 in pixels of the EXIF-turned picture. */
export interface FaceImage {
  readonly path: string;
  readonly identity: string;
  readonly landmarks?: readonly number[];
  /** Pixels of the EXIF-turned picture, from its header. Datasets imported before 25 November 2026 lack them. */
  readonly width?: number;
  readonly height?: number;
}

/** A file that was left out, and why, in one sentence. */
export interface Rejected {
  readonly path: string;
  readonly reason: string;
}

/** Imported face images, sorted by identity and then path by code unit. */
export interface Dataset {
  readonly source: string;
  readonly layout: 'folders' | 'celeba' | 'csv' | 'demo';
  readonly images: readonly FaceImage[];
  readonly rejected: readonly Rejected[];
  readonly hash: string;
}

/** A face image as an importer finds it, with its file's size in bytes and time of change in milliseconds. */
export interface FoundImage extends FaceImage {
  readonly bytes: number;
  readonly modified: number;
}

/** Compares two strings by code unit. Every sorted list of ArcBench has this order. */
export function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Sorts what an importer found and hashes it: relative paths, identities, file sizes and landmarks. */
export function makeDataset(
  source: string,
  layout: Dataset['layout'],
  found: {
    readonly images: readonly FoundImage[];
    readonly rejected: readonly Rejected[];
  },
): Dataset {
  const sorted = [...found.images].sort(
    (a, b) => compareCodeUnits(a.identity, b.identity) || compareCodeUnits(a.path, b.path),
  );
  const digest = createHash('sha256');
  for (const image of sorted) {
    digest.update(
      `${JSON.stringify([relative(source, image.path), image.identity, image.bytes, image.landmarks ?? null])}\n`,
    );
  }
  return {
    source,
    layout,
    images: sorted.map(({ bytes: _, modified: __, ...image }) => image),
    rejected: [...found.rejected].sort((a, b) => compareCodeUnits(a.path, b.path)),
    hash: digest.digest('hex'),
  };
}
