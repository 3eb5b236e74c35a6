/** Losses in double precision with plain loops, written from the papers, independent of the engine. */
export type Rows = readonly (readonly number[])[];
export interface ScalarInput {
  readonly embeddings: Rows;
  readonly weights: Rows;
  readonly labels: readonly number[];
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a));
const cosine = (a: readonly number[], b: readonly number[]) => dot(a, b) / norm(a) / norm(b);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function softmaxCrossEntropy(logits: readonly number[], label: number): number {
  const largest = Math.max(...logits);
  return (
    Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)) + largest - (logits[label] as number)
  );
}

/** Softmax cross-entropy of `scale` cos θ_j with the target's cosine replaced by `target(cos θ_y, sample)`. */
export function marginSoftmax(
  { embeddings, weights, labels }: ScalarInput,
  scale: number,
  target: (cosine: number, sample: number) => number,
  labelSmoothing = 0,
): number {
  return mean(
    embeddings.map((embedding, sample) => {
      const label = labels[sample] as number;
      const logits = weights.map(
        (weight, j) => scale * (j === label ? target(cosine(embedding, weight), sample) : cosine(embedding, weight)),
      );
      // The target is a distribution: most of it on the label, the rest even over all classes.
      const evenly = mean(logits.map((_, j) => softmaxCrossEntropy(logits, j)));
      return (1 - labelSmoothing) * softmaxCrossEntropy(logits, label) + labelSmoothing * evenly;
    }),
  );
}

/**
 * cos(m1 θ + m2) - m3 before m1 θ + m2 = π; beyond, ArcFace's line for m1 = 1, else the line of slope 1 that meets the
 * curve.
 */
export function combined(value: number, m1: number, m2: number, m3: number): number {
  const angle = m1 * Math.acos(value) + m2;
  if (angle < Math.PI) return Math.cos(angle) - m3;
  return (m1 === 1 ? value - m2 * Math.sin(m2) : value - Math.cos((Math.PI - m2) / m1) - 1) - m3;
}

/** AdaCos's s after a batch, from s before it. */
export function adaCosScale({ embeddings, weights, labels }: ScalarInput, scale: number): number {
  const sums = embeddings.map((embedding, i) =>
    weights.reduce((sum, weight, j) => (j === labels[i] ? sum : sum + Math.exp(scale * cosine(embedding, weight))), 0),
  );
  const angles = embeddings
    .map((embedding, i) => Math.acos(cosine(embedding, weights[labels[i] as number] as readonly number[])))
    .sort((a, b) => a - b);
  return Math.log(mean(sums)) / Math.cos(Math.min(Math.PI / 4, angles[Math.floor((angles.length - 1) / 2)] as number));
}

/** Half the squared distance to the own centre. */
export const centerLoss = ({ embeddings, labels }: ScalarInput, centers: Rows): number =>
  mean(
    embeddings.map(
      (embedding, i) =>
        0.5 *
        norm(embedding.map((value, k) => value - ((centers[labels[i] as number] as readonly number[])[k] as number))) **
          2,
    ),
  );

/** The losses of mined triplets of unit embeddings, Euclidean. */
export function tripletLosses(
  { embeddings, labels }: ScalarInput,
  mining: 'all' | 'semiHard' | 'batchHard',
  margin: number,
): number[] {
  const distance = (i: number, j: number) =>
    Math.sqrt(2 - 2 * cosine(embeddings[i] as readonly number[], embeddings[j] as readonly number[]));
  const indexes = embeddings.map((_, index) => index);
  return indexes.flatMap((anchor) => {
    const positives = indexes
      .filter((other) => other !== anchor && labels[other] === labels[anchor])
      .map((other) => distance(anchor, other));
    const negatives = indexes
      .filter((other) => labels[other] !== labels[anchor])
      .map((other) => distance(anchor, other));
    if (positives.length === 0 || negatives.length === 0) return [];
    const hinge = (positive: number, negative: number) => Math.max(0, positive - negative + margin);
    switch (mining) {
      case 'all':
        return positives.flatMap((positive) => negatives.map((negative) => hinge(positive, negative)));
      case 'batchHard':
        return [hinge(Math.max(...positives), Math.min(...negatives))];
      case 'semiHard':
        return positives.map((positive) => {
          const further = negatives.filter((negative) => negative > positive);
          return hinge(positive, further.length > 0 ? Math.min(...further) : Math.max(...negatives));
        });
    }
  });
}

/** Gradient by central differences of a function of rows. */
export function differences(rows: Rows, value: (rows: Rows) => number, step = 1e-5): number[] {
  return rows.flatMap((row, i) =>
    row.map((_, k) => {
      const moved = (by: number) =>
        value(rows.map((other, j) => (j === i ? other.map((x, l) => (l === k ? x + by : x)) : other)));
      return (moved(step) - moved(-step)) / (2 * step);
    }),
  );
}

export const averages = {
  all: mean,
  active: (losses: readonly number[]) => {
    const active = losses.filter((loss) => loss > 0);
    return active.length === 0 ? 0 : mean(active);
  },
} as const;
