import { setTimeout as wait } from 'node:timers/promises';

interface Limit {
  /** 60 s where it is not given. */
  readonly seconds?: number;
  /** What was last seen, in words, for the message of a wait that ends without success. */
  readonly seen?: () => string;
}
const tooLate = (what: string, { seconds = 60, seen }: Limit) =>
  new Error(`Waited ${seconds} s for ${what}.${seen ? ` Last seen: ${seen() || 'nothing'}` : ''}`);

/**
 * Looks every 50 ms until there is something other than null, undefined and false, and gives it. Throws after the
 * limit, and says what it waited for.
 */
export async function waitUntil<Seen>(
  what: string,
  look: () => Seen | Promise<Seen>,
  limit: Limit = {},
): Promise<Exclude<Seen, null | undefined | false>> {
  for (const started = performance.now(); ; await wait(50)) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen as Exclude<Seen, null | undefined | false>;
    if (performance.now() - started > 1000 * (limit.seconds ?? 60)) throw tooLate(what, limit);
  }
}

/** Waits for a promise, but not beyond the limit. */
export async function waitFor<Value>(what: string, promise: Promise<Value>, limit: Limit = {}): Promise<Value> {
  const stopper = new AbortController();
  const late = wait(1000 * (limit.seconds ?? 60), undefined, { signal: stopper.signal }).then(() => {
    throw tooLate(what, limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stopper.abort();
    late.catch(() => undefined);
  }
}
