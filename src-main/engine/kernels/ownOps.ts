import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { backend, binding, tf } from '../tensorflow.ts';

/**
 * Whether the addon has ArcBench's own ops (engine/native). Their convolutions take a third to a half of oneDNN's time;
 * on a GPU cuDNN's are used.
 */
export const hasOwnOps =
  !binding.isUsingGpuDevice() &&
  tf.tidy(() => {
    try {
      backend.executeSingleOutput('WinogradConv2D', [], [tf.zeros([1, 1, 1, 64]), tf.zeros([3, 3, 64, 64])]);
      return true;
    } catch {
      return false; // upstream's addon, or one without kernels for this processor
    }
  });

/** Whether ArcBench's own passes take a tensor: rows of its channels must fill whole registers of 16 numbers. */
export function fillsRegisters(shape: readonly number[]): boolean {
  const channels = shape.at(-1) ?? 0;
  const rows = elementCount(shape.slice(0, -1));
  let asOne = 1; // rows that are taken as one
  while ((channels * asOne) % 16 !== 0) asOne *= 2;
  return channels % 2 === 0 && rows % asOne === 0;
}
