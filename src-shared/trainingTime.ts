import type { StartEstimate, TrainingRate } from './startEstimate.ts';
import { roughDuration } from './duration.ts';

/**
 * By how much a reckoned time may be off, either way: between networks on one machine, and between a matrix product and
 * networks, which on a card nobody has compared yet.
 */
export const offBy = { otherRuns: 3, machine: { cpu: 3, cuda: 6 } } as const;

/** The time that a start would take, and what that rests on: the words of every door. */
export function trainingTime({
  runs,
  runsDone,
  faces,
  imagesLeft,
  rate,
  seconds,
  unmeasured,
}: Pick<StartEstimate, 'runs' | 'runsDone' | 'faces' | 'imagesLeft' | 'rate' | 'seconds' | 'unmeasured'>): {
  readonly value: string;
  readonly on: string;
} {
  if (runsDone === runs || imagesLeft === 0) return { value: 'none', on: 'every run is done' };
  if (rate === null)
    return {
      value: unmeasured ? 'not known yet' : 'not known',
      on: unmeasured
        ? 'this machine is measured first, in some seconds in which nothing trains'
        : 'nothing has trained here, and the engine could not be measured',
    };
  const speed = `${Number(rate.imagesPerSecond.toPrecision(rate.imagesPerSecond < 1000 ? 2 : 3))} img/s`;
  const { from } = rate;
  const off = from.kind === 'runs' ? 1 : from.kind === 'machine' ? offBy.machine[from.device] : offBy.otherRuns;
  const least = roughDuration((seconds ?? 0) / off);
  const most = roughDuration((seconds ?? 0) * off);
  const range = seconds === null || least === most ? '' : `${least} to ${most}: `;
  const on = restsOn(from, speed);
  return {
    value: seconds === null ? 'not known' : `about ${roughDuration(seconds)}`,
    on: `${range}${on}${faces === null ? '; how many images is not known' : ''}`,
  };
}

function restsOn(from: TrainingRate['from'], speed: string): string {
  switch (from.kind) {
    case 'runs':
      return (
        `at ${speed}, ${from.runs === 1 ? 'as one earlier run' : `the median of ${from.runs} earlier runs`} of ` +
        'this network'
      );
    case 'otherRuns':
      return `reckoned at ${speed} from the speed of ${from.backbone} at ${from.inputSize} px here`;
    case 'machine':
      return (
        `reckoned at ${speed} from ${Math.round(from.gigaflops)} GFLOP/s of this ` +
        `${from.device === 'cuda' ? 'card' : 'machine'}; no network has trained here yet`
      );
  }
}

/** The same as one sentence. */
export function trainingTimeSentence(estimate: Parameters<typeof trainingTime>[0]): string {
  const { value, on } = trainingTime(estimate);
  return `Training time ${value} (${on}).`;
}
