import type { RunStatus } from '../../../src-shared/answers/runAnswers.ts';

/** A run's state as the screens call it. A run that was stopped keeps its checkpoint, so it is paused. */
export const statusWord = (status: RunStatus): string => (status === 'cancelled' ? 'paused' : status);
