/** The search for faces in the pictures of a dataset that have no landmarks. */
export interface FaceSearch {
  /** In how many pictures it has looked. */
  readonly searched: number;
  /** In how many pictures it has not looked yet. */
  readonly left: number;
  /** How far it is, in words, while it runs; null where it does not. */
  readonly running: string | null;
}
