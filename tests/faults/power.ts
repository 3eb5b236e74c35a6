import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lossRuns } from './powerLoss/lossRuns.ts';

const { values } = parseArgs({
  options: {
    losses: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    resume: { type: 'string' },
  },
});
const losses = Number(values.losses);
const seed = Number(values.seed);
const resume = Number(values.resume ?? values.losses);
if (!Number.isInteger(losses) || losses < 1 || !Number.isInteger(seed) || !Number.isInteger(resume) || resume < 0) {
  process.stderr.write('--losses takes a whole number from 1 on, --resume one from 0 on, --seed a whole number.\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'arcbench-power-'));
const started = performance.now();
const { byArea, mismatches, ...counts } = await lossRuns({
  folder,
  losses,
  resume,
  seed,
  tell: (line) => {
    process.stdout.write(`${line}\n`);
  },
});
process.stdout.write(
  [
    `losses      ${counts.losses} (seed ${seed}), of them ${counts.resumed} resumed, in ` +
      `${((performance.now() - started) / 60_000).toFixed(1)} min`,
    `by area     ${Object.entries(byArea)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `operations  ${counts.operations} recorded`,
    `compared    ${counts.compared} files and tables`,
    `mismatches  ${mismatches.length}`,
    ...mismatches.map((line) => `  ${line}`),
    '',
  ].join('\n'),
);
if (mismatches.length === 0) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`What differs is kept in ${folder}\n`);
process.exitCode = mismatches.length === 0 ? 0 : 1;
