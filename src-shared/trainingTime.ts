import type { StartEstimate, TrainingRate } from './startEstimate.ts';
import { roughDuration } from './duration.ts';

/**
 * The factor by which an estimated time may be off, up or down: estimated from other networks on this machine, or from
 * a matrix product. The factor for CUDA cards is a guess; nobody has measured it yet.
 */
export const offBy = { otherRuns: 3, machine: { cpu: 3, cuda: 6 } } as const;

/** How long the training will take and how that is known, in the words that all doors use. */
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
  const off = factorOff(from);
  const least = roughDuration((seconds ?? 0) / off);
  const most = roughDuration((seconds ?? 0) * off);
  const range = seconds === null || least === most ? '' : `${least} to ${most}: `;
  const on = restsOn(from, speed);
  return {
    value: seconds === null ? 'not known' : `about ${roughDuration(seconds)}`,
    on: `${range}${on}${faces === null ? '; how many images is not known' : ''}`,
  };
}

/** The factor by which the estimate may be off; 1 where runs of the same network were measured. */
export function factorOff(from: TrainingRate['from']): number {
  switch (from.kind) {
    case 'runs':
      return 1;
    case 'otherRuns':
      return offBy.otherRuns;
    case 'machine':
      return offBy.machine[from.device];
  }
}

function restsOn(from: TrainingRate['from'], speed: string): string {
  switch (from.kind) {
    case 'runs':
      return (
        `at ${speed}, ${from.runs === 1 ? 'as one earlier run' : `the median of ${from.runs} earlier runs`} of ` +
        'this network'
      );
    case 'otherRuns':
      return `estimated at ${speed} from the speed of ${from.backbone} at ${from.inputSize} px here`;
    case 'machine':
      return (
        `estimated at ${speed} from ${Math.round(from.gigaflops)} GFLOP/s of this ` +
        `${from.device === 'cuda' ? 'card' : 'machine'}; no network has trained here yet`
      );
  }
}

/** The training time as one sentence. */
export function trainingTimeSentence(estimate: Parameters<typeof trainingTime>[0]): string {
  const { value, on } = trainingTime(estimate);
  return `Training time ${value} (${on}).`;
}
