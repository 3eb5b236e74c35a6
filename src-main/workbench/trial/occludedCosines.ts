import type { EmbeddedModel } from '../../evaluate/embedder/embedderMessages.ts';
import type { Embedder } from '../../evaluate/embedder/startEmbedder.ts';
import type { SeenFace } from './lookedFaces.ts';

/** Cells along each side of the map. */
export const occlusionCells = 12;
const patchShare = 0.2; // side of what is covered, by the side of the face
const grey = 127; // the middle of the network's input

/** A row of the map of a pair: `face` is covered cell by cell, `other` stays as it is. */
export interface OcclusionRow {
  readonly run: string;
  readonly face: string;
  readonly other: string;
  readonly row: number;
}

/**
 * The cosines of a pair with a grey square over each cell of one row of the first face (Zeiler and Fergus, "Visualizing
 * and understanding convolutional networks", 2014).
 */
export async function occludedCosines(
  { row }: Pick<OcclusionRow, 'row'>,
  {
    one,
    other,
    model,
    embedder,
  }: {
    readonly one: SeenFace;
    readonly other: SeenFace;
    readonly model: EmbeddedModel;
    readonly embedder: Embedder;
  },
): Promise<readonly number[]> {
  const covered = Array.from({ length: occlusionCells }, (_, column) => cover(one.pixels, { row, column }));
  const units = await embedder.embed(model, Buffer.concat(covered));
  const size = other.unit.length;
  return covered.map((_, cell) =>
    other.unit.reduce((sum, value, column) => sum + value * units[cell * size + column]!, 0),
  );
}

/** A copy of a face [side][side][3] with a grey square around the middle of a cell. */
function cover(pixels: Uint8Array, { row, column }: { readonly row: number; readonly column: number }): Uint8Array {
  const side = Math.round(Math.sqrt(pixels.length / 3));
  const copy = pixels.slice();
  const half = (side * patchShare) / 2;
  const from = (cell: number) => Math.max(0, Math.round(((cell + 0.5) * side) / occlusionCells - half));
  const to = (cell: number) => Math.min(side, Math.round(((cell + 0.5) * side) / occlusionCells + half));
  for (let y = from(row); y < to(row); y++) copy.fill(grey, (y * side + from(column)) * 3, (y * side + to(column)) * 3);
  return copy;
}
