import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const rest = 10_000; // milliseconds between two collections at least
const workForRest = 100; // a collection takes at most 1 % of the time, however large the heap is

let collect: (() => void) | null = null;
let isPlanned = false;
let earliest = 0;

/**
 * Frees soon what this thread no longer uses, but not too often. V8 lets the heap of a thread grow to several times
 * what is in use before it does so by itself, and an idle thread would keep that.
 */
export function collectGarbageSoon(): void {
  if (isPlanned) return;
  isPlanned = true;
  const delay = Math.max(0, earliest - performance.now());
  setTimeout(() => {
    isPlanned = false;
    const started = performance.now();
    collect ??= collector();
    collect();
    const ended = performance.now();
    earliest = ended + Math.max(rest, workForRest * (ended - started));
  }, delay).unref();
}

/** V8's own function, which a context has only if it is made while the flag is set. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as () => void;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
