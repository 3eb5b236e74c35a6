import { cpus } from 'node:os'; // older Nodes lack availableParallelism

/**
 * Variables for a process that runs for days, read by glibc and by nothing else. A quarter of the usual arenas, and
 * pages of its own for each large buffer: what is freed goes back to the system, where otherwise much would stay
 * between what is in use. For the workbench, not for what computes: fresh pages for every tensor would cost time.
 */
export const memoryEnvironment = /** @type {const} */ ({
  MALLOC_ARENA_MAX: String(2 * Math.max(1, cpus().length)),
  MALLOC_MMAP_THRESHOLD_: '1048576', // bytes
  MALLOC_TRIM_THRESHOLD_: '1048576', // bytes
});

/** Sets them for the programs that this process starts. What the user has set stays. */
export function setMemoryEnvironment() {
  for (const [name, value] of Object.entries(memoryEnvironment)) process.env[name] ??= value;
}

/** Whether a variable has such a value: then a program that computes does without. @param {string} name */
export const isMemorySetting = (name) =>
  Object.entries(memoryEnvironment).some(([own, value]) => own === name && process.env[name] === value);
