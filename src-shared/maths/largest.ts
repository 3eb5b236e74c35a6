/** Keeps the `count` items of largest value out of a long stream; ties go to the first. */
export function largest<T>(count: number) {
  const kept: { readonly value: number; readonly item: T }[] = []; // falling
  return {
    /** What a value must exceed to be kept: lets the caller skip making an item. */
    bar: (): number =>
      kept.length < count ? Number.NEGATIVE_INFINITY : (kept[count - 1]?.value ?? Number.POSITIVE_INFINITY),
    add(value: number, item: T): void {
      const place = kept.findIndex((entry) => value > entry.value);
      if (place === -1 && kept.length >= count) return;
      kept.splice(place === -1 ? kept.length : place, 0, { value, item });
      if (kept.length > count) kept.pop();
    },
    items: (): readonly { readonly value: number; readonly item: T }[] => kept,
  };
}
