/** The progress of a stage at one moment. */
export interface ProgressSample {
  readonly stage: string;
  readonly done: number;
  readonly at: number;
}

const windowMilliseconds = 30_000;

/**
 * Adds a sample and keeps those of its stage in the last 30 s, but at least the newest two. Progress that goes back
 * starts over.
 */
export function addSample(samples: readonly ProgressSample[], sample: ProgressSample): readonly ProgressSample[] {
  const last = samples.at(-1);
  if (last === undefined || last.stage !== sample.stage || sample.done < last.done) return [sample];
  const kept = samples.filter(({ at }, index) => at >= sample.at - windowMilliseconds || index >= samples.length - 1);
  return [...kept, sample];
}

/** Seconds that an amount takes at the rate of the samples; null where there is no rate yet. */
export function secondsFor(samples: readonly ProgressSample[], amount: number): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.done <= first.done || last.at <= first.at) return null;
  return (amount * (last.at - first.at)) / (last.done - first.done) / 1000;
}

/** Seconds until `total` at the rate of the samples; null where there is no rate yet. */
export const secondsLeft = (samples: readonly ProgressSample[], total: number): number | null =>
  secondsFor(samples, total - (samples.at(-1)?.done ?? 0));
