import { tf, type Tensor } from './tensorflow.ts';

const valuesOfBlock = 2 ** 22; // 16 MiB of float32
/** A product of fewer rows takes as long: it waits for the memory of the columns. */
const fewestRows = 32;

export interface SimilarityRow {
  readonly row: number;
  readonly similarities: Float32Array;
}

/** Some columns of a product, from a column on: the rows of `b` that they come from. */
interface Tile {
  readonly from: number;
  readonly width: number;
  readonly rows: Tensor;
}

/**
 * Products of each row of `a` [n, size] with all rows of `b` [m, size], row by row, from the engine's matrix product in
 * blocks of bounded memory: 16 MiB, or 32 rows where these take more. A row's array is valid until the next.
 */
export function* similarityRows(a: Float32Array, b: Float32Array, size: number): Generator<SimilarityRow> {
  const rows = a.length / size;
  const columns = b.length / size;
  if (rows === 0 || columns === 0) return;
  const block = Math.min(rows, Math.max(fewestRows, Math.floor(valuesOfBlock / columns)));
  const tiles = tilesOf(b, size, Math.max(1, Math.floor(valuesOfBlock / block)));
  const joined = new Float32Array(tiles.length === 1 ? 0 : block * columns);
  try {
    for (let first = 0; first < rows; first += block) {
      const count = Math.min(block, rows - first);
      const left = tf.tensor2d(a.subarray(first * size, (first + count) * size), [count, size]);
      const [only] = tiles;
      const values = tiles.length === 1 ? product(left, only!) : joinedProducts(left, tiles, { columns, joined });
      left.dispose();
      for (let row = 0; row < count; row++)
        yield { row: first + row, similarities: values.subarray(row * columns, (row + 1) * columns) };
    }
  } finally {
    for (const tile of tiles) tile.rows.dispose();
  }
}

function tilesOf(b: Float32Array, size: number, most: number): Tile[] {
  const columns = b.length / size;
  return Array.from({ length: Math.ceil(columns / most) }, (_, place) => {
    const from = place * most;
    const width = Math.min(most, columns - from);
    return { from, width, rows: tf.tensor2d(b.subarray(from * size, (from + width) * size), [width, size]) };
  });
}

/** The product of some rows with the columns of a tile, [rows, width]. */
function product(left: Tensor, { rows }: Tile): Float32Array {
  // Read outside of tidy, which would walk a returned array number by number.
  const result = tf.matMul(left, rows, false, true);
  const values = result.dataSync() as Float32Array;
  result.dispose();
  return values;
}

/** The product of some rows with all columns, [rows, columns], tile by tile. */
function joinedProducts(
  left: Tensor,
  tiles: readonly Tile[],
  { columns, joined }: { readonly columns: number; readonly joined: Float32Array },
): Float32Array {
  const rows = left.shape[0]!;
  for (const tile of tiles) {
    const values = product(left, tile);
    for (let row = 0; row < rows; row++)
      joined.set(values.subarray(row * tile.width, (row + 1) * tile.width), row * columns + tile.from);
  }
  return joined;
}
