import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/**
 * Frees what this thread no longer uses. V8 lets a thread's heap grow to a share of the machine's memory before it
 * does so by itself, and an idle thread would keep that.
 */
export function collectGarbage(): void {
  collect ??= collector();
  collect();
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
