import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { RandomStream } from '../../../src-shared/maths/random.ts';

/** How a hostile input was met: taken, or refused in words that a user would see. */
export interface Met {
  readonly taken: number;
  readonly refusals: readonly string[];
}

/**
 * A kind of hostile input. `attempt` makes `each` inputs in an empty folder, and hands them to the product; what is
 * thrown out of it is a find.
 */
export interface HostileKind {
  readonly name: string;
  /** Share of all inputs. */
  readonly share: number;
  readonly each: number;
  open(
    folder: string,
  ): Promise<{ attempt(random: RandomStream, folder: string): Promise<Met>; close?(): Promise<void> }>;
}

/** Runs a part of the product on one input: whatever it throws must be a sentence that names the thing. */
export async function met(action: () => unknown, named: string | null): Promise<Met> {
  try {
    await action();
    return { taken: 1, refusals: [] };
  } catch (error) {
    if (!(error instanceof ArcBenchError)) throw error;
    if (named !== null && !error.message.includes(named))
      throw new Error(`The refusal does not name ${named}: ${error.message}`, { cause: error });
    return { taken: 0, refusals: [sentence(error.message)] };
  }
}

/** A refusal as it is, if it is one printable sentence. */
export function sentence(message: string): string {
  if (
    /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(message) ||
    message.length > 2100 ||
    (!/[.…]$/.test(message) && message.length < 2000) ||
    /\bat .*:\d+:\d+|node:internal|node_modules/.test(message)
  )
    throw new Error(`This is no sentence for a user: ${JSON.stringify(message)}`);
  return message;
}

export const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.integer(items.length)] as T;
