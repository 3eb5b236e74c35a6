import { totalmem } from 'node:os';

const mebibyte = 2 ** 20;
const usualMebibytes = 4096; // the most that Node takes by itself
const shareOfMemory = 0.5; // the rest is for pixels, the store and other programs

/**
 * What Node is started with, so that lists of millions of pictures find room: half of the machine's memory where that
 * is more than Node takes by itself. Empty where the user said it in NODE_OPTIONS.
 * @param {number} [memory] bytes of the machine, or of the container
 * @param {string} [options] NODE_OPTIONS
 * @returns {string[]}
 */
export function heapArguments(memory = memoryHere(), options = process.env.NODE_OPTIONS ?? '') {
  const mebibytes = Math.floor((memory * shareOfMemory) / mebibyte);
  return mebibytes <= usualMebibytes || options.includes('max-old-space-size')
    ? []
    : [`--max-old-space-size=${mebibytes}`];
}

/** A container may have less memory than its machine. */
function memoryHere() {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
