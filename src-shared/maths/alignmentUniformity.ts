/**
 * Alignment, the mean of |x - y|² over pairs of one class, and uniformity, ln of the mean of e^{-2 |x - y|²} over all
 * pairs (arXiv 2005.10242, section 4.1), of unit embeddings by rows of their cosines. Lower is better for both.
 */
export function alignmentUniformity(labels: ArrayLike<number>) {
  let squares = 0;
  let positives = 0;
  let potential = 0;
  let pairs = 0;
  return {
    /** The cosines of one image with every image of the set; a pair counts at its first image. */
    add(row: number, cosines: Float32Array): void {
      for (let other = row + 1; other < cosines.length; other++) {
        const square = 2 - 2 * cosines[other]!;
        potential += Math.exp(-2 * square);
        if (labels[other] === labels[row]) {
          squares += square;
          positives++;
        }
      }
      pairs += cosines.length - row - 1;
    },
    /** Null for what no pair carries. */
    result: (): { readonly alignment: number | null; readonly uniformity: number | null } => ({
      alignment: positives === 0 ? null : squares / positives,
      uniformity: pairs === 0 ? null : Math.log(potential / pairs),
    }),
  };
}
