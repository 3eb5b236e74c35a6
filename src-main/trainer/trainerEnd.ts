const smaller = 'try a smaller training.batchSize or prepare.inputSize';
const resume = 'resume it with `arcbench runs resume`';
// How V8, libstdc++, glibc, the kernel and TensorFlow say that memory ran out.
const outOfMemory =
  /bad_alloc|length_error|out of memory|\bOOM\b|cannot allocate|allocation failed|failed to allocate|unable to allocate|ENOMEM|resource exhausted|pthread_create.*failed|thread.*(creation|constructor) failed|resource temporarily unavailable|cannot create.*thread/i;

// How V8 and TensorFlow may end where they get no memory.
const crashes: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGSEGV', 'SIGTRAP', 'SIGBUS', 'SIGILL']);

/** The message for an error text that says that memory ran out; null for any other text. */
export const memorySentence = (said: string): string | null =>
  outOfMemory.test(said)
    ? `The trainer ended because memory ran out: free some, or ${smaller} for a new run; ${resume}.`
    : null;

/** The message for a trainer process that ended without a last message. `said` is what it wrote to stderr. */
export function trainerEnd({
  code,
  signal,
  said,
}: {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}): string {
  const sentence = memorySentence(said);
  if (sentence !== null) return sentence;
  if (signal === 'SIGKILL')
    return (
      'The trainer was killed (SIGKILL), as the system does where memory runs out: free some memory, or ' +
      `${smaller} for a new run; ${resume}.`
    );
  if (signal !== null && crashes.has(signal))
    return (
      `The trainer ended in a crash (${signal}), which may be a lack of memory: free some memory, or ${smaller} ` +
      `for a new run; ${resume}.`
    );
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Node.js v'));
  const lastError = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  const how = signal ?? `exit code ${code}`;
  return `The trainer ended unexpectedly (${lastError ? `${how}: ${lastError}` : how}): ${resume}.`;
}
