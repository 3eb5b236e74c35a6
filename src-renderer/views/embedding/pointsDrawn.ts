/** How the points of a cloud are drawn. */
export type PointsDrawn = 'dots' | 'faces' | 'density';

/** From this many points on, dots hide one another. */
const manyPoints = 20_000;
/** What the user chose; without a choice it is the density where there are many points. */
export const pointsDrawn = (chosen: PointsDrawn | null, rows: number): PointsDrawn =>
  chosen ?? (rows >= manyPoints ? 'density' : 'dots');
