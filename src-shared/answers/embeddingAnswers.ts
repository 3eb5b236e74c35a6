import type { PartName } from '../splitSchema.ts';

export interface EmbeddingPoints {
  readonly run: string;
  readonly method: string;
  readonly dimensions: 2 | 3;
  readonly rows: readonly EmbeddingRow[];
  /** One of the end of training, or one of each epoch that was kept, rising; the rows are the same in each. */
  readonly frames: readonly EmbeddingFrame[];
}
export interface EmbeddingFrame {
  /** The epoch; null at the end of training. */
  readonly snapshot: number | null;
  /** Row by row, `dimensions` numbers each. */
  readonly coordinates: readonly number[];
  /** Of each row to the mean of the person's rows, in the whole embedding; null where a person has one row. */
  readonly angleDegrees: readonly (number | null)[];
}
export interface EmbeddingRow {
  /** Place in the prepared set, as pictureAddress takes it; null where that set is gone. */
  readonly picture: number | null;
  readonly identity: string;
  readonly part: PartName;
  readonly file: string;
  /** Whether the run names a test picture's person; null for other parts. */
  readonly correct: boolean | null;
}
export interface Neighbour {
  readonly row: number;
  readonly cosine: number;
}
