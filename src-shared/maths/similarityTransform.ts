/** ArcFace's five points at 112 x 112: left eye, right eye, nose, left and right mouth corner (x, y in pixels). */
export const arcFaceTemplate: readonly number[] = [
  38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041,
];

/** A similarity transform: x' = a x - b y + x0, y' = b x + a y + y0. */
export interface SimilarityTransform {
  readonly a: number;
  readonly b: number;
  readonly x0: number;
  readonly y0: number;
}

/**
 * Least-squares similarity transform (no reflection) of points onto others, both x0,y0,x1,y1...; undefined where the
 * points coincide.
 * In two dimensions Umeyama's solution (PAMI 1991) without reflection has this closed form.
 */
export function similarityTransform(from: readonly number[], onto: readonly number[]): SimilarityTransform | undefined {
  const points = from.length / 2;
  let fromX = 0,
    fromY = 0,
    ontoX = 0,
    ontoY = 0;
  for (let i = 0; i < points; i++) {
    fromX += from[2 * i]! / points;
    fromY += from[2 * i + 1]! / points;
    ontoX += onto[2 * i]! / points;
    ontoY += onto[2 * i + 1]! / points;
  }
  let along = 0,
    across = 0,
    spread = 0;
  for (let i = 0; i < points; i++) {
    const x = from[2 * i]! - fromX,
      y = from[2 * i + 1]! - fromY;
    const u = onto[2 * i]! - ontoX,
      v = onto[2 * i + 1]! - ontoY;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const a = along / spread,
    b = across / spread;
  if (!Number.isFinite(a) || !Number.isFinite(b) || Math.hypot(a, b) < 1e-6) return undefined;
  return { a, b, x0: ontoX - (a * fromX - b * fromY), y0: ontoY - (b * fromX + a * fromY) };
}

/** The transform that undoes another. */
export function inverseTransform({ a, b, x0, y0 }: SimilarityTransform): SimilarityTransform {
  const square = a * a + b * b;
  const ia = a / square,
    ib = -b / square;
  return { a: ia, b: ib, x0: -(ia * x0 - ib * y0), y0: -(ib * x0 + ia * y0) };
}

/** The template's points for another input size: coordinates of pixel centres, scaled by inputSize / 112. */
export function templateFor(inputSize: number): readonly number[] {
  return arcFaceTemplate.map((value) => (value * inputSize) / 112);
}
