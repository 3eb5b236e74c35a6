const slowMilliseconds = 29;
const quickMilliseconds = 21;
const least = 0.1;

/**
 * The share of a cloud's points to draw in the next frame of a movement, given the present share and how long the last
 * frame took. A machine without a graphics card is too slow to draw all of them.
 */
export function nextDetail(detail: number, frameMilliseconds: number): number {
  if (frameMilliseconds > slowMilliseconds) return Math.max(least, detail * 0.85);
  return frameMilliseconds < quickMilliseconds ? Math.min(1, detail * 1.03) : detail;
}
