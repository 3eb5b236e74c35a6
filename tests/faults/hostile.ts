import { parseArgs } from 'node:util';
import { runHostile } from './hostile/hostileRuns.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string', multiple: true },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const results = await runHostile({
  count,
  seed,
  ...(values.kind && { kinds: values.kind }),
  onKind: ({ kind, inputs, taken, refused, faults, slowest, mebibytes }) => {
    console.log(
      `${kind.padEnd(34)} ${String(inputs).padStart(6)} inputs  ${String(taken).padStart(6)} taken  ` +
        `${String(refused).padStart(6)} refused  ${String(faults.length).padStart(3)} faults  slowest ` +
        `${slowest.toFixed(2)} s  ${mebibytes.toFixed(0)} MiB`,
    );
    for (const fault of faults.slice(0, 5)) console.log(`  ${fault.slice(0, 1500)}`);
  },
});
const sum = (of: (result: (typeof results)[number]) => number) =>
  results.reduce((total, result) => total + of(result), 0);
console.log(
  `Seed ${seed}: ${sum(({ inputs }) => inputs)} inputs, ${sum(({ taken }) => taken)} taken, ` +
    `${sum(({ refused }) => refused)} refused, ${sum(({ faults }) => faults.length)} faults.`,
);
if (sum(({ faults }) => faults.length) > 0) process.exitCode = 1;
