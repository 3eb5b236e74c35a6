import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from './waitUntil.ts';

/**
 * Waits for the end of a child process, four minutes where no limit is given. A child that takes longer is killed, so
 * that the test file can end, and the error says what it was and what it said last.
 */
export async function childEnd(
  child: ChildProcess,
  { what, seconds = 240, seen }: { readonly what: string; readonly seconds?: number; readonly seen: () => string },
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    const [code, signal] = await waitFor(`the end of ${what}`, closed, { seconds, seen: () => seen().slice(-2000) });
    return { code, signal };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
