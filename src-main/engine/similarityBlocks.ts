import { tf } from './tensorflow.ts';

const valuesOfBlock = 2 ** 22; // 16 MiB of float32

export interface SimilarityRow {
  readonly row: number;
  readonly similarities: Float32Array;
}

/**
 * Products of each row of `a` [n, size] with all rows of `b` [m, size], row by row, from the engine's matrix product in
 * blocks of bounded memory. A row's array is valid until the next.
 */
export function* similarityRows(a: Float32Array, b: Float32Array, size: number): Generator<SimilarityRow> {
  const rows = a.length / size;
  const columns = b.length / size;
  if (rows === 0 || columns === 0) return;
  const right = tf.tensor2d(b, [columns, size]);
  try {
    const block = Math.max(1, Math.min(rows, Math.floor(valuesOfBlock / columns)));
    for (let first = 0; first < rows; first += block) {
      const count = Math.min(block, rows - first);
      // Read outside of tidy, which would walk a returned array number by number.
      const product = tf.tidy(() =>
        tf.matMul(tf.tensor2d(a.subarray(first * size, (first + count) * size), [count, size]), right, false, true),
      ); // [count, columns]
      const values = product.dataSync() as Float32Array;
      product.dispose();
      for (let row = 0; row < count; row++)
        yield { row: first + row, similarities: values.subarray(row * columns, (row + 1) * columns) };
    }
  } finally {
    right.dispose();
  }
}
