const slowMilliseconds = 29;
const quickMilliseconds = 21;
const least = 0.1;

/**
 * The share of a cloud's points for the next frame of a movement, from the share now and the milliseconds that the last
 * frame took:
 * a machine without a graphics card is late where it draws too many.
 */
export function nextDetail(detail: number, frameMilliseconds: number): number {
  if (frameMilliseconds > slowMilliseconds) return Math.max(least, detail * 0.85);
  return frameMilliseconds < quickMilliseconds ? Math.min(1, detail * 1.03) : detail;
}
