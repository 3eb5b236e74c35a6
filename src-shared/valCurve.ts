import type { Plan } from './experiment.ts';

/** The curve of the val measure that chooses epochs, values to tune and variants of a sweep. */
export type ValCurve = 'val/accuracy' | 'val/identification';

export const valCurveOf = ({ evaluation }: Pick<Plan, 'evaluation'>): ValCurve =>
  evaluation.select === 'identification' ? 'val/identification' : 'val/accuracy';

/** The same measure in words, for messages. */
export const valMeasureOf = ({ evaluation }: Pick<Plan, 'evaluation'>): string =>
  evaluation.select === 'identification' ? 'val identification rate' : 'val accuracy';
