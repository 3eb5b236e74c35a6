const columns = 9;
const rows = 8;

/**
 * Difference hash of a square RGB picture ([size][size][3], uint8): 16 hexadecimal digits, 64 bits. The picture is
 * averaged to 9 x 8 grey cells. A bit says whether a cell is brighter than its right neighbour.
 */
export function perceptualHash(pixels: Uint8Array, size: number): string {
  const edges = Array.from({ length: columns + 1 }, (_, column) => Math.ceil((column * size) / columns));
  const sums = new Int32Array(columns * rows);
  const counts = new Int32Array(columns * rows);
  for (let y = 0, at = 0; y < size; y++) {
    const first = Math.floor((y * rows) / size) * columns;
    for (let column = 0; column < columns; column++) {
      const width = edges[column + 1]! - edges[column]!;
      let sum = 0;
      for (const end = at + 3 * width; at < end; at += 3)
        sum += 299 * pixels[at]! + 587 * pixels[at + 1]! + 114 * pixels[at + 2]!;
      sums[first + column]! += sum;
      counts[first + column]! += width;
    }
  }
  let digits = '';
  for (let row = 0; row < rows; row++) {
    let bits = 0;
    for (let cell = row * columns; cell < row * columns + columns - 1; cell++)
      bits = bits * 2 + (sums[cell]! / counts[cell]! > sums[cell + 1]! / counts[cell + 1]! ? 1 : 0);
    digits += bits.toString(16).padStart(2, '0');
  }
  return digits;
}
