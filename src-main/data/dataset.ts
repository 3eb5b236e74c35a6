import { createHash } from 'node:crypto';
import { groupBy } from '../../src-shared/groupBy.ts';
import type { PartName } from '../../src-shared/splitSchema.ts';
import { printable } from '../../src-shared/printable.ts';
import type { FileState } from './fileState.ts';

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
  /** SHA-256, in hexadecimal, of the picture's file. Datasets imported before December 2026 lack it. */
  readonly contentHash?: string;
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
  /** The pictures that were excluded by hand. Absent if none was. */
  readonly excluded?: readonly ExcludedPicture[];
  /** The dataset as it was imported. Absent if nothing was excluded or renamed by hand since. */
  readonly base?: Dataset;
}

/** A picture that was excluded by hand. `file` is its path in the source. */
export interface ExcludedPicture {
  readonly identity: string;
  readonly file: string;
}

/** A face image as an importer finds it, with the state of its file. */
export interface FoundImage extends FaceImage, FileState {}

/** The face images of a source, in its order. Those of a record file are made one by one, as millions take memory. */
export type FoundImages = Iterable<FoundImage> & { readonly length: number };

/** A face image whose file was read. */
export type ReadImage = FaceImage & Required<Pick<FaceImage, 'contentHash' | 'width' | 'height'>>;

/** Compares two strings by code unit. Every sorted list of ArcBench has this order. */
export function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * Sorts what an importer found and hashes what decides: the content, person, landmarks, part and region of each
 * picture. Names of files count only by the order that they give.
 */
export function makeDataset(
  source: string,
  layout: Dataset['layout'],
  found: Pick<Dataset, 'partsGivenBy' | 'understood'> & {
    readonly images: readonly ReadImage[];
    readonly rejected: readonly Rejected[];
  },
): Dataset {
  const sorted = sortedImages(found.images);
  return {
    source,
    layout,
    images: sorted,
    // Reasons quote names, which may hold anything.
    rejected: [...found.rejected]
      .sort((a, b) => compareCodeUnits(a.path, b.path))
      .map(({ path, reason }) => ({ path, reason: printable(reason) })),
    hash: contentOf(sorted),
    ...(found.partsGivenBy !== undefined && { partsGivenBy: found.partsGivenBy }),
    ...(found.understood !== undefined && { understood: found.understood }),
  };
}

/** Face images in the order of a dataset: by person, then by path. */
export const sortedImages = <Image extends Pick<FaceImage, 'identity' | 'path'>>(images: readonly Image[]): Image[] =>
  [...groupBy(images, ({ identity }) => identity)] // names are compared once for each person
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .flatMap(([, own]) => own.sort((a, b) => compareCodeUnits(a.path, b.path)));

const linesAtATime = 256;

/** The hash of sorted face images: of the content, person, landmarks, part and region of each. */
export function contentOf(sorted: readonly FaceImage[]): string {
  const digest = createHash('sha256');
  for (let first = 0; first < sorted.length; first += linesAtATime)
    digest.update(
      sorted
        .slice(first, first + linesAtATime)
        .map(contentLine)
        .join(''),
    );
  return digest.digest('hex');
}

const contentLine = ({ contentHash, identity, landmarks, part, region }: FaceImage): string => {
  const line = [contentHash, identity, landmarks ?? null, part ?? null, region ? regionNumbers(region) : null];
  return `${JSON.stringify(line)}\n`;
};

const regionNumbers = ({ left, top, width, height }: PictureRegion) => [left, top, width, height];
