import type { RunSummary } from '../../../src-shared/answers/runAnswers.ts';

/** The curve by which the best epoch of a run is chosen. Only runs that choose by it measure identification on val. */
export const judgedCurve = ({ metrics }: Pick<RunSummary, 'metrics'>): 'val/accuracy' | 'val/identification' =>
  metrics['val/identification'] === undefined ? 'val/accuracy' : 'val/identification';
