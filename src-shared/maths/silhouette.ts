/**
 * Mean silhouette by cosine distance (Rousseeuw 1987), from the products of each unit embedding with the sum of each
 * class's unit embeddings, so that no distance is computed pair by pair. The only image of a class counts 0, as in
 * scikit-learn.
 */
export function silhouette(labels: ArrayLike<number>, imagesOfClass: ArrayLike<number>) {
  let sum = 0;
  let count = 0;
  return {
    /** Products of image `row` with every class's sum: [classes]. */
    add(row: number, products: Float32Array): void {
      const own = labels[row]!;
      const images = imagesOfClass[own]!;
      count++;
      if (images < 2) return;
      // The image's product with itself is 1 and no distance.
      const inside = 1 - (products[own]! - 1) / (images - 1);
      let outside = Number.POSITIVE_INFINITY;
      for (let other = 0; other < products.length; other++)
        if (other !== own && imagesOfClass[other]! > 0)
          outside = Math.min(outside, 1 - products[other]! / imagesOfClass[other]!);
      const larger = Math.max(inside, outside);
      if (Number.isFinite(outside) && larger > 0) sum += (outside - inside) / larger;
    },
    result: (): number | null => (count === 0 ? null : sum / count),
  };
}
