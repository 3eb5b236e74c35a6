import { ArcBenchError } from '../../src-shared/errors.ts';
import type { TrainerMessage } from './trainerMessages.ts';

const pause = 250; // milliseconds between two attempts

/** Messages of a trainer on their way into the store. */
export interface Inbox {
  add(message: TrainerMessage): void;
  /** Resolves when every message was taken. Rejects with what `take` threw. */
  emptied(): Promise<unknown>;
}

/**
 * Hands messages on in their order. Where the database is in use by another program, they wait until it is free, while
 * the training goes on; once a stop is asked for, they do not wait. After any other failure nothing is handed on.
 */
export function patientInbox({
  take,
  onFailure,
  signal,
}: {
  /** Keeps a message. Throws 'busy' where it cannot do so yet. */
  readonly take: (message: TrainerMessage) => void;
  readonly onFailure: () => void;
  readonly signal: AbortSignal;
}): Inbox {
  const waiting: TrainerMessage[] = [];
  let timer: NodeJS.Timeout | null = null;
  const outcome = Promise.withResolvers<null>();
  outcome.promise.catch(() => undefined); // whoever asks hears of it
  let failed = false;
  let closing = false;
  const fail = (error: unknown) => {
    failed = true;
    waiting.length = 0;
    outcome.reject(error);
    onFailure();
  };
  const handOn = () => {
    timer = null;
    for (let message = waiting[0]; message !== undefined; message = waiting[0]) {
      try {
        take(message);
      } catch (error) {
        if (!(error instanceof ArcBenchError && error.code === 'busy') || signal.aborted) return fail(error);
        timer = setTimeout(handOn, pause);
        return;
      }
      waiting.shift();
    }
    if (closing) outcome.resolve(null);
  };
  return {
    add(message) {
      if (failed) return;
      // What is only shown does not wait behind what is stored.
      if (message.kind === 'progress') return take(message);
      waiting.push(message);
      if (timer === null) handOn();
    },
    emptied() {
      closing = true;
      if (!failed && timer === null) handOn();
      return outcome.promise;
    },
  };
}
