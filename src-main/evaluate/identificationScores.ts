/**
 * Cosine similarities of the identification protocol: positives are pairs of one person within query; negatives are pairs of
 * two persons within query and every query x distractor pair. Embeddings are unit rows [images][size].
 */
export function identificationScores({ query, queryLabels, distractors, size }: {
  readonly query: Float32Array; readonly queryLabels: Int32Array; readonly distractors: Float32Array; readonly size: number;
}): { positives: Float32Array; negatives: Float32Array } {
  const queries = queryLabels.length;
  const others = distractors.length / size;
  let samePairs = 0;
  for (let i = 0; i < queries; i++) for (let j = i + 1; j < queries; j++) if (queryLabels[i] === queryLabels[j]) samePairs++;
  const positives = new Float32Array(samePairs);
  const negatives = new Float32Array((queries * (queries - 1)) / 2 - samePairs + queries * others);
  let [positive, negative] = [0, 0];
  const cosine = (a: Float32Array, i: number, b: Float32Array, j: number) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += (a[i * size + k] as number) * (b[j * size + k] as number);
    return sum;
  };
  for (let i = 0; i < queries; i++) {
    for (let j = i + 1; j < queries; j++) {
      const similarity = cosine(query, i, query, j);
      if (queryLabels[i] === queryLabels[j]) positives[positive++] = similarity;
      else negatives[negative++] = similarity;
    }
    for (let j = 0; j < others; j++) negatives[negative++] = cosine(query, i, distractors, j);
  }
  return { positives, negatives };
}
