import { cpus } from 'node:os'; // older Nodes lack availableParallelism

const wanted = /** @type {const} */ ({
  MALLOC_ARENA_MAX: String(2 * Math.max(1, cpus().length)), // a quarter of the usual ones
  MALLOC_MMAP_THRESHOLD_: '1048576', // bytes
  MALLOC_TRIM_THRESHOLD_: '1048576', // bytes
});

/**
 * Variables for a process that runs for days, read by glibc and by nothing else. With few arenas, and pages of its own
 * for each large buffer, what is freed goes back to the system; much would stay between what is in use. For the
 * workbench, not for what computes: fresh pages for every tensor would cost time. What the user has set stays.
 * @returns {Record<keyof typeof wanted, string>}
 */
export const memoryEnvironment = () => ({
  MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? wanted.MALLOC_ARENA_MAX,
  MALLOC_MMAP_THRESHOLD_: process.env.MALLOC_MMAP_THRESHOLD_ ?? wanted.MALLOC_MMAP_THRESHOLD_,
  MALLOC_TRIM_THRESHOLD_: process.env.MALLOC_TRIM_THRESHOLD_ ?? wanted.MALLOC_TRIM_THRESHOLD_,
});

/** Whether a variable is set to what is wanted here: then a program that computes does without. @param {string} name */
export const isMemorySetting = (name) =>
  Object.entries(wanted).some(([own, value]) => own === name && process.env[name] === value);
