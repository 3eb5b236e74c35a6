import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { PartName } from '../../src-shared/experiment.ts';
import { printable } from '../../src-shared/printable.ts';

/** A rectangle of a picture, in pixels of the EXIF-turned picture. */
export interface PictureRegion {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One picture of one person. Landmarks are ten numbers x0,y0..x4,y4 in pixels of the EXIF-turned picture. */
export interface FaceImage {
  readonly path: string;
  readonly identity: string;
  readonly landmarks?: readonly number[];
  /** The part of the picture, in pixels, that counts as the picture. Without it, the whole picture counts. */
  readonly region?: PictureRegion;
  /** The part of the split that the source itself states for this picture. */
  readonly part?: PartName;
  /** Further columns of a list by name, such as CelebA's attributes. */
  readonly attributes?: Readonly<Record<string, string>>;
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
  readonly layout: 'folders' | 'celeba' | 'course' | 'csv' | 'records' | 'demo';
  /** How the source states parts, such as 'the folders train, val and test'. Absent if it states none. */
  readonly partsGivenBy?: string;
  /** What the import understood: a sentence with a small tree below it. Datasets of earlier versions lack it. */
  readonly understood?: string;
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
  found: Pick<Dataset, 'partsGivenBy' | 'understood'> & {
    readonly images: readonly FoundImage[];
    readonly rejected: readonly Rejected[];
  },
): Dataset {
  const sorted = [...found.images].sort(
    (a, b) => compareCodeUnits(a.identity, b.identity) || compareCodeUnits(a.path, b.path),
  );
  const digest = createHash('sha256');
  for (const image of sorted) {
    const stated = [image.part ?? [], image.region ?? []].flat();
    const line = [relative(source, image.path), image.identity, image.bytes, image.landmarks ?? null, ...stated];
    digest.update(`${JSON.stringify(line)}\n`);
  }
  return {
    source,
    layout,
    images: sorted.map(({ bytes: _, modified: __, ...image }) => image),
    // Reasons quote names, which may hold anything.
    rejected: [...found.rejected]
      .sort((a, b) => compareCodeUnits(a.path, b.path))
      .map(({ path, reason }) => ({ path, reason: printable(reason) })),
    hash: digest.digest('hex'),
    ...(found.partsGivenBy !== undefined && { partsGivenBy: found.partsGivenBy }),
    ...(found.understood !== undefined && { understood: found.understood }),
  };
}
