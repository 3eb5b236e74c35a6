import { totalmem } from 'node:os';

const mebibyte = 2 ** 20;
const usualMebibytes = 4096; // the most that Node takes by itself
const semiSpaceMebibytes = 4; // a third of the room for what is soon forgotten
const shareOfMemory = 0.5; // the rest is for pixels, the store and other programs

/**
 * What Node is started with. Lists of millions of pictures find room: half of the machine's memory where that is more
 * than Node takes by itself. And each thread has little room for what is soon forgotten: V8 would take up to 192 MiB
 * and keep it, and is no faster. What the user said in NODE_OPTIONS stays.
 * @param {number} [memory] bytes of the machine, or of the container
 * @param {string} [options] NODE_OPTIONS
 * @returns {string[]}
 */
export function heapArguments(memory = memoryHere(), options = process.env.NODE_OPTIONS ?? '') {
  const mebibytes = Math.floor((memory * shareOfMemory) / mebibyte);
  return [
    ...(options.includes('max-semi-space-size') ? [] : [`--max-semi-space-size=${semiSpaceMebibytes}`]),
    ...(mebibytes <= usualMebibytes || options.includes('max-old-space-size')
      ? []
      : [`--max-old-space-size=${mebibytes}`]),
  ];
}

/** A container may have less memory than its machine. */
function memoryHere() {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
