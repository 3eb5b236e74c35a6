import { ArcBenchError } from '../../src-shared/errors.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { warningSentence, type RunWarning } from '../../src-shared/runWarning.ts';

/** Training left the range of numbers that it can recover from. `told` is the message for any language. */
export class DivergedError extends ArcBenchError {
  readonly told: RunWarning;
  constructor({
    limit,
    ...values
  }: {
    readonly arm: string;
    readonly seed: number;
    /** What the run was trained with, as triedValues writes it. */
    readonly tried: string;
    readonly epoch: number; // from 1
    readonly loss: number;
    readonly norm: number;
    /** The largest loss allowed; Infinity while it is not known yet. */
    readonly limit: number;
  }) {
    // The store keeps JSON, which has no NaN: numbers that are not finite are written as words.
    const kept = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      ]),
    );
    const told: RunWarning = Number.isFinite(limit)
      ? { key: 'warning.divergedRun', values: { ...kept, limit } }
      : { key: 'warning.divergedRunAtOnce', values: kept };
    super('diverged', warningSentence(told, reportTexts('en')));
    this.told = told;
  }
}

/**
 * Throws 'diverged' where an output of a step is not finite, or the loss is more than three times its natural size.
 * That size is ln n, or `referenceLoss` where a margin makes the loss start higher. It is null while it is not known
 * yet.
 */
export function refuseDivergence(
  outputs: Readonly<Record<string, number>>,
  {
    referenceLoss,
    classes,
    ...run
  }: {
    readonly referenceLoss: number | null;
    readonly classes: number;
    readonly epoch: number; // from 1
    readonly arm: string;
    readonly seed: number;
    readonly tried: string;
  },
): void {
  const limit = referenceLoss === null ? Number.POSITIVE_INFINITY : 3 * Math.max(Math.log(classes), referenceLoss);
  const loss = outputs['loss'] ?? Number.NaN;
  if (loss <= limit && Object.values(outputs).every(Number.isFinite)) return;
  throw new DivergedError({ ...run, loss, norm: outputs['gradientNorm'] ?? Number.NaN, limit });
}
