/** Remembers the values of a few keys, the last ones used. */
export function rememberFew<Value>(most: number) {
  const known = new Map<string, Value>(); // least recently used first
  return {
    /** The value of a key, made where it is not remembered. */
    of(key: string, make: () => Value): Value {
      const value = known.has(key) ? (known.get(key) as Value) : make();
      known.delete(key);
      known.set(key, value);
      for (const oldest of [...known.keys()].slice(0, -most)) known.delete(oldest);
      return value;
    },
  };
}
