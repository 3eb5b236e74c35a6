const smaller = 'try a smaller training.batchSize or prepare.inputSize';
const resume = 'resume it with `arcbench runs resume`';
// As V8, libstdc++, glibc, the kernel and TensorFlow say it.
const wantOfMemory =
  /bad_alloc|length_error|out of memory|\bOOM\b|cannot allocate|allocation failed|failed to allocate|unable to allocate|ENOMEM|resource exhausted|pthread_create.*failed|thread.*(creation|constructor) failed|resource temporarily unavailable|cannot create.*thread/i;

// how V8 and TensorFlow end that get no memory
const broken: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGSEGV', 'SIGTRAP', 'SIGBUS', 'SIGILL']);

/** The sentence for a failure that wants memory; null for any other. */
export const memorySentence = (said: string): string | null =>
  wantOfMemory.test(said)
    ? `The trainer ended for want of memory: free some, or ${smaller} for a new run; once there is enough, ${resume}.`
    : null;

/** The sentence for a trainer that ended without telling how; `said` is what it wrote to stderr. */
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
      `The trainer was killed (SIGKILL), as the system does where memory runs out: free some, or ${smaller} ` +
      `for a new run; ${resume}.`
    );
  if (signal !== null && broken.has(signal))
    return (
      `The trainer broke off (${signal}), as it may for want of memory: if there is little, free some, or ` +
      `${smaller} for a new run; ${resume}.`
    );
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Node.js v'));
  const last = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return `The trainer ended without a word (${signal ?? `exit code ${code}`}${last ? `: ${last}` : ''}): ${resume}.`;
}
