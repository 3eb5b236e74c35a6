interface Size {
  readonly width: number;
  readonly height: number;
}

const gap = 12; // pixels between the point and its tooltip

/**
 * The left upper corner of a tooltip beside a point, in pixels of its pane: right of and below the point, on the other
 * side where it does not fit, and always inside the pane.
 */
export function tooltipPlace(
  [x, y]: readonly [number, number],
  tip: Size,
  pane: Size,
): readonly [left: number, top: number] {
  return [beside(x, tip.width, pane.width), beside(y, tip.height, pane.height)];
}

function beside(at: number, length: number, room: number): number {
  const after = at + gap;
  const before = at - gap - length;
  const place = after + length > room && before >= 0 ? before : after;
  return Math.max(0, Math.min(place, room - length));
}
