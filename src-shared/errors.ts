import { printable } from './printable.ts';

const longestMessage = 2000;

/** Codes that cross the wire; each maps to one exit code at the command line. */
export type ErrorCode =
  | 'wrong-input' // the user can mend it: a file, a knob, a path
  | 'missing-tool' // the machine lacks something that set-up needs
  | 'busy' // another process holds the workspace
  | 'damaged' // a file of the workspace fails its hash
  | 'no-space' // the disk is full
  | 'diverged' // training left the numbers' range
  | 'cancelled' // stopped by the user; resumable
  | 'failed'; // anything else

/**
 * An error whose message is one sentence for the user: it names the thing, says what was expected and what to do. Names
 * in it may be anything, so they are made printable, and a message without end is cut.
 */
export class ArcBenchError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(printable(message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message), options);
    this.name = 'ArcBenchError';
    this.code = code;
  }
}

/** Exit code of a code: 0 done, 1 failed, 2 wrong input, 130 cancelled and resumable. */
export function exitCodeOf(code: ErrorCode): 1 | 2 | 130 {
  switch (code) {
    case 'wrong-input':
      return 2;
    case 'cancelled':
      return 130;
    case 'missing-tool':
    case 'busy':
    case 'damaged':
    case 'no-space':
    case 'diverged':
    case 'failed':
      return 1;
  }
}
