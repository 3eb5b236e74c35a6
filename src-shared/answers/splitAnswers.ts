import type { Assignment, PartName } from '../splitSchema.ts';

export interface SplitPreview {
  readonly hash: string;
  readonly prepared: string;
  readonly alignment: string;
  /** How the source states parts, whether or not the split keeps them; null if it states none. */
  readonly partsGivenBy: string | null;
  /** How the source states the parts of the split; null if they are drawn. */
  readonly givenBy: string | null;
  /** What the split did that its rule does not say, in sentences. */
  readonly notes: readonly string[];
  readonly parts: readonly { readonly part: PartName; readonly people: number; readonly images: number }[];
  /** What was excluded from the dataset by hand: it is in no part, and not among the persons. */
  readonly excluded: { readonly images: number; readonly people: number };
  /** Whether pictures were excluded or people renamed since the faces were prepared. */
  readonly preparedBefore: boolean;
  /** Where each person is; a person in training has images in train, val and test. */
  readonly persons: readonly {
    readonly identity: string;
    readonly part: Assignment;
    readonly assigned: boolean;
    readonly images: number;
    readonly first: number;
  }[];
}
/** A picture of the prepared set, by its place there; the part is null where the person is left out. */
export interface SplitPicture {
  readonly index: number;
  /** Its index in the dataset, by which it can be excluded. */
  readonly inDataset: number;
  readonly tags: readonly string[];
  readonly identity: string;
  readonly name: string;
  readonly part: PartName | null;
}
/** What a split did with copies of one picture; `picture` is an index into the prepared set. */
export interface ResolvedCopies {
  /** Identical files of one person, nearly identical pictures of one person, or one picture under two names. */
  readonly kind: 'identical' | 'near-identical' | 'two-names';
  readonly people: readonly string[];
  readonly kept: readonly { readonly picture: number; readonly file: string }[];
  readonly leftOut: readonly { readonly picture: number; readonly file: string }[];
}
export interface AuditFinding {
  readonly name: string;
  readonly kind: string;
  readonly message: string;
  readonly blocking: boolean;
  /** The files it is about, by their paths. */
  readonly pictures: readonly SplitPicture[];
}
