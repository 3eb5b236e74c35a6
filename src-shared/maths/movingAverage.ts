/**
 * Exponential moving average with its bias towards the first zero taken out, as TensorBoard smooths: weight 0 leaves
 * the values as they are. Gaps stay gaps.
 * `before` are values that came before these, or the average of the `count` values that did.
 */
export function movingAverage(
  values: readonly (number | null)[],
  weight: number,
  before: readonly (number | null)[] | { readonly average: number | null; readonly count: number } = [],
): (number | null)[] {
  if (weight <= 0) return [...values];
  if ('length' in before)
    return movingAverage([...before, ...values], weight, { average: null, count: 0 }).slice(before.length);
  let correction = before.average === null ? 1 : weight ** before.count;
  let average = (before.average ?? 0) * (1 - correction);
  return values.map((value) => {
    if (value === null) return null;
    average = average * weight + (1 - weight) * value;
    correction *= weight;
    return average / (1 - correction);
  });
}

/** How many values before one still count in its average; earlier ones are lost in a double's rounding. */
export const averageReach = (weight: number): number =>
  weight <= 0 ? 0 : Math.ceil(Math.log(1e-17) / Math.log(weight));
