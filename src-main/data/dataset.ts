import { createHash } from 'node:crypto';
import { relative } from 'node:path';

/** One picture of one person; landmarks are ten numbers x0,y0..x4,y4 in pixels of the EXIF-turned picture. */
export interface FaceImage {
  readonly path: string;
  readonly identity: string;
  readonly landmarks?: readonly number[];
  /** Pixels of the EXIF-turned picture, from its header; not in datasets that were imported before 25 November 2026. */
  readonly width?: number;
  readonly height?: number;
}

/** A file that was left out, with the reason in one sentence. */
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

/**
 * A face image together with the size of its file in bytes and its time of change in milliseconds, as an importer finds
 * it.
 */
export interface FoundImage extends FaceImage {
  readonly bytes: number;
  readonly modified: number;
}

/** Compares two strings by code unit, the order that every sorted list of ArcBench has. */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorts what an importer found and hashes it: paths relative to the source, identities, file sizes and landmarks. */
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
