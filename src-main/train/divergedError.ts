import { ArcBenchError } from '../../src-shared/errors.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { warningSentence, type RunWarning } from '../../src-shared/runWarning.ts';

/** Training left the numbers' range; `told` says it in any language. */
export class DivergedError extends ArcBenchError {
  readonly told: RunWarning;
  constructor({
    limit,
    ...values
  }: {
    readonly arm: string;
    readonly epoch: number;
    readonly loss: number;
    readonly norm: number;
    /** The loss may grow to it; Infinity before it is known. */ readonly limit: number;
  }) {
    // As words where they are no numbers: JSON, which the store keeps, has no NaN.
    const kept = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      ]),
    );
    const told: RunWarning = Number.isFinite(limit)
      ? { key: 'warning.diverged', values: { ...kept, limit } }
      : { key: 'warning.divergedAtOnce', values: kept };
    super('diverged', warningSentence(told, reportTexts('en')));
    this.told = told;
  }
}
