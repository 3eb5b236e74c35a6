import { roughDuration } from './duration.ts';
import { fileSize } from './fileSize.ts';
import type { StartEstimate } from './startEstimate.ts';
import { factorOff } from './trainingTime.ts';

const day = 86_400; // seconds
/** The longest training that is started, in seconds. */
export const longestTraining = 365 * day;

/**
 * Why a start cannot succeed on this machine: too little memory, too little free disk, or more than a year of training
 * even if the estimate is off. Each reason names the knob to change.
 */
export function refuseTooLarge({
  memoryBytes,
  diskBytes,
  machine,
  seconds,
  rate,
}: Pick<StartEstimate, 'memoryBytes' | 'diskBytes' | 'machine' | 'seconds' | 'rate'>): {
  readonly code: 'wrong-input' | 'no-space';
  readonly knob: string;
  readonly sentence: string;
}[] {
  const least = seconds === null || rate === null ? 0 : seconds / factorOff(rate.from);
  return [
    ...(memoryBytes > machine.memoryBytes
      ? [
          {
            code: 'wrong-input' as const,
            knob: 'training.batchSize',
            sentence:
              `Training needs about ${fileSize(memoryBytes)} of memory, and this machine has ` +
              `${fileSize(machine.memoryBytes)}: lower training.batchSize, prepare.inputSize or ` +
              'model.embeddingSize, or choose a smaller backbone.',
          },
        ]
      : []),
    ...(machine.freeDiskBytes !== null && diskBytes > machine.freeDiskBytes
      ? [
          {
            code: 'no-space' as const,
            knob: 'data.source',
            sentence:
              `The experiment writes about ${fileSize(diskBytes)}, and the disk of the workspace has ` +
              `${fileSize(machine.freeDiskBytes)} free: free some space, use fewer faces, arms or seeds, or choose ` +
              'another --workspace.',
          },
        ]
      : []),
    ...(least > longestTraining
      ? [
          {
            code: 'wrong-input' as const,
            knob: 'training.epochs',
            sentence:
              `Training would take about ${roughDuration(seconds ?? 0)} on this machine, more than a year: lower ` +
              'training.epochs, use fewer faces, arms or seeds, or choose a smaller backbone.',
          },
        ]
      : []),
  ];
}
