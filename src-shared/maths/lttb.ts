/**
 * Indexes of at most `count` points that keep the shape of a line: largest triangle, three buckets (Steinarsson 2013).
 * First and last are kept; a point without a finite value is left out.
 */
export function lttb(x: ArrayLike<number>, y: ArrayLike<number>, count: number): number[] {
  const finite: number[] = [];
  for (let index = 0; index < x.length; index++) if (Number.isFinite(y[index])) finite.push(index);
  if (finite.length <= count || count < 3)
    return finite.length <= count ? finite : [finite[0]!, finite.at(-1)!].slice(0, count);
  const at = (position: number) => finite[position]!;
  const chosen = [at(0)];
  const width = (finite.length - 2) / (count - 2);
  let previous = at(0);
  for (let bucket = 0; bucket < count - 2; bucket++) {
    const start = Math.floor(bucket * width) + 1;
    const end = Math.floor((bucket + 1) * width) + 1;
    const nextEnd = Math.min(finite.length, Math.floor((bucket + 2) * width) + 1);
    let meanX = 0;
    let meanY = 0;
    for (let position = end; position < nextEnd; position++) {
      meanX += x[at(position)]! / (nextEnd - end);
      meanY += y[at(position)]! / (nextEnd - end);
    }
    let best = at(start);
    let largest = -1;
    for (let position = start; position < end; position++) {
      const index = at(position);
      const area = Math.abs(
        (x[previous]! - meanX) * (y[index]! - y[previous]!) - (x[previous]! - x[index]!) * (meanY - y[previous]!),
      );
      if (area > largest) [best, largest] = [index, area];
    }
    chosen.push(best);
    previous = best;
  }
  chosen.push(at(finite.length - 1));
  return chosen;
}
