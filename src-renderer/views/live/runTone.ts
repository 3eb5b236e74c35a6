import type { RunStatus } from '../../../src-shared/answers/runAnswers.ts';

/** The tone of a state's badge. */
export function runTone(status: RunStatus): 'plain' | 'accent' | 'good' | 'warn' | 'bad' {
  switch (status) {
    case 'queued':
      return 'plain';
    case 'running':
    case 'trained':
      return 'accent';
    case 'done':
      return 'good';
    case 'cancelled':
      return 'warn';
    case 'failed':
      return 'bad';
  }
}
