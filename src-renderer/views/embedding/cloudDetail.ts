const slowMilliseconds = 26;
const quickMilliseconds = 18;
const least = 0.1;

/**
 * The share of a cloud's points for the next frame of a movement, from the share now and the milliseconds between asking for a frame and drawing it:
 * a machine without a graphics card is late where it draws too many.
 */
export function nextDetail(detail: number, waited: number): number {
  if (waited > slowMilliseconds) return Math.max(least, detail * 0.85);
  return waited < quickMilliseconds ? Math.min(1, detail * 1.02) : detail;
}
