/** A picture that was looked at, with its faces, the largest first. */
export interface TriedPicture {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly TriedFace[];
}
export interface TriedFace {
  readonly id: string;
  /** In pixels of the picture as it is shown; null where no detector looked for it. */
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number } | null;
  /** Ten numbers x0,y0..x4,y4; null where the face is cut without them. */
  readonly landmarks: readonly number[] | null;
  /** The face as each run sees it, as data addresses of PNG files, in the order of the runs. */
  readonly aligned: readonly string[];
}
export interface PersonMatch {
  readonly name: string;
  readonly cosine: number;
  /** A picture of the person: its place in the prepared set, as pictureAddress takes it; null for who is enrolled. */
  readonly picture: number | null;
  /** Who is enrolled; null for people of the dataset. */
  readonly enrolled: string | null;
}
export interface RunMatches {
  readonly run: string;
  /** The prepared set of the pictures; null where it is gone. */
  readonly prepared: string | null;
  /** How many people were compared. */
  readonly people: number;
  /** At most five, the nearest first. */
  readonly nearest: readonly PersonMatch[];
}
/** What the cosine of a pair is held against. */
export interface RunScale {
  readonly run: string;
  /** Whose pairs these are: people who never trained, or, where none are held out, those of the test pictures. */
  readonly of: 'held-out' | 'test';
  /** Cosines of pairs of one person and of two, in equal bins from -1 to 1. */
  readonly same: readonly number[];
  readonly different: readonly number[];
  /** Whether the counts are those of a drawn sample of the pairs. */
  readonly sampled: boolean;
  /** Thresholds by false positive rate, the strictest first; empty where the split holds out too few people. */
  readonly rates: readonly {
    readonly falsePositiveRate: number;
    readonly truePositiveRate: number;
    readonly threshold: number;
  }[];
}
/** How much the cosine of a pair falls when a part of one face is covered: [cells, cells], row by row. */
export interface PairExplanation {
  readonly run: string;
  readonly cosine: number;
  readonly cells: number;
  readonly first: readonly number[];
  readonly second: readonly number[];
}
export interface EnrolledPerson {
  readonly id: string;
  readonly name: string;
  readonly pictures: number;
  readonly enrolledAt: string;
  /** A face of the person, as a data address. */
  readonly face: string;
}
