import type { Plan } from '../experiment.ts';
import type { PartName } from '../splitSchema.ts';

export interface RejectedFile {
  readonly path: string;
  readonly reason: string;
}
export interface DatasetSummary {
  readonly hash: string;
  /** The name given by hand, or else that of the source. */
  readonly name: string;
  readonly tags: readonly string[];
  readonly source: string;
  readonly layout: string;
  readonly images: number;
  readonly people: number;
  readonly rejected: number;
  readonly importedAt: string | null;
  /** Whether its pictures were uploaded: they are deleted with it. */
  readonly uploaded: boolean;
  readonly data: Plan['data'];
  /** Whether the detector has looked for faces: an experiment on this dataset then uses them. */
  readonly facesFound: boolean;
}
export interface DatasetDetails extends DatasetSummary {
  /** What the import understood: a sentence, and lines of a small tree; null for datasets of earlier versions. */
  readonly understood: string | null;
  /** How the source states parts, such as 'the folders train and test'; null if it states none. */
  readonly partsGivenBy: string | null;
  /** Pictures and people of each part that the source states; empty if it states none. */
  readonly givenParts: readonly { readonly part: PartName; readonly people: number; readonly images: number }[];
  /** Whether the folder or file of the source is no longer where it was. */
  readonly sourceGone: boolean;
  readonly withLandmarks: number;
  /** Of the pictures without landmarks, and what a face detector found in them. */
  readonly detection: {
    /** Whether these pictures are larger than faces, so that a search makes sense. */
    readonly offered: boolean;
    readonly pictures: number;
    readonly searched: number;
    readonly withFace: number;
    readonly withSeveral: number;
  };
  /** How many people have each number of images, ascending. */
  readonly histogram: readonly { readonly images: number; readonly people: number }[];
  /** Every person, sorted. */
  readonly persons: readonly DatasetPerson[];
  /** How many pictures were excluded by hand. */
  readonly excluded: number;
  /** What undo would take back, such as '3 pictures excluded'; null if there is nothing. */
  readonly undo: string | null;
  /** What redo would do again; null if there is nothing. */
  readonly redo: string | null;
  /** At most 500. */
  readonly rejectedFiles: readonly RejectedFile[];
}
export interface DatasetPerson {
  readonly identity: string;
  readonly images: number;
  /** How many of these pictures were excluded by hand. */
  readonly excluded: number;
  readonly tags: readonly string[];
  /** The index of the first picture. */
  readonly first: number;
}
/** What a change by hand did, such as '3 pictures excluded'; null if there was nothing to change. */
export interface DatasetChange {
  readonly done: string | null;
}
export interface Picture {
  readonly index: number;
  readonly identity: string;
  readonly name: string;
  /** Given by the source, set by hand, or else found by the detector. */
  readonly landmarks: readonly number[] | null;
  readonly corrected: boolean;
  /** Whether it was excluded by hand, itself or with its person; null if it is used. */
  readonly excluded: 'picture' | 'person' | null;
  readonly tags: readonly string[];
  /** How many faces the detector found in a picture without landmarks; null if it did not look. */
  readonly faces: number | null;
  /**
   * Pixels of the EXIF-turned picture, in which its landmarks are; null in datasets that were imported before they were
   * read.
   */
  readonly width: number | null;
  readonly height: number | null;
}
