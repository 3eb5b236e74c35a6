/**
 * Difference hash of a square RGB picture ([size][size][3], uint8): 16 hexadecimal digits, 64 bits.
 * The picture is averaged over areas to 9 x 8 grey cells; a bit says whether a cell is brighter than its right neighbour.
 */
export function perceptualHash(pixels: Uint8Array, size: number): string {
  const columns = 9;
  const rows = 8;
  const sums = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < size; y++) {
    const row = Math.floor((y * rows) / size);
    for (let x = 0; x < size; x++) {
      const cell = row * columns + Math.floor((x * columns) / size);
      const at = (y * size + x) * 3;
      sums[cell]! += 299 * pixels[at]! + 587 * pixels[at + 1]! + 114 * pixels[at + 2]!;
      counts[cell]!++;
    }
  }
  let bits = 0n;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns - 1; column++) {
      const cell = row * columns + column;
      bits = (bits << 1n) | (sums[cell]! / counts[cell]! > sums[cell + 1]! / counts[cell + 1]! ? 1n : 0n);
    }
  }
  return bits.toString(16).padStart(16, '0');
}
