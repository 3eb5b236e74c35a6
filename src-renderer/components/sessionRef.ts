import { shallowRef, type ShallowRef } from 'vue';

const kept = new Map<string, ShallowRef<unknown>>();

/**
 * A value of a view that is still there when the user comes back to it: the same ref for the same key, until the page
 * is reloaded. Objects in it are replaced, not changed.
 */
export function sessionRef<Value>(key: string, initial: Value): ShallowRef<Value> {
  const known = kept.get(key);
  if (known !== undefined) return known as ShallowRef<Value>; // a key belongs to one place of the code
  const fresh = shallowRef(initial);
  kept.set(key, fresh);
  return fresh;
}
