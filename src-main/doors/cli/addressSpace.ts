import { existsSync, readFileSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';

const leastGiB = 9; // the demo runs well under 9,000 MiB; under 6,000 V8 or glib aborts

/** Throws 'failed' where the address space is so limited that V8 or TensorFlow would abort without a message. */
export function refuseSmallAddressSpace(
  limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '',
): void {
  const bytes = Number(/^Max address space +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const gibibytes = bytes / 2 ** 30;
  if (gibibytes >= leastGiB * 0.97) return;
  throw new ArcBenchError(
    'failed',
    `The address space of this process is limited to ${gibibytes.toFixed(1)} GiB (ulimit -v), and ArcBench ` +
      `reserves ${leastGiB} GiB, most of which it never fills: lift the limit with \`ulimit -v unlimited\`, ` +
      'and limit real memory with a cgroup instead.',
  );
}
