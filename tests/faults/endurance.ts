import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enduranceRuns, growthOf } from './enduranceRuns.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, from: { type: 'string', default: '50' } },
});
const runs = Number(values.runs);
const from = Number(values.from);
if (!Number.isInteger(runs) || !Number.isInteger(from) || from < 1 || runs <= from) {
  process.stderr.write('--runs takes a whole number above that of --from, which is 50 where it is left out.\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'arcbench-endurance-'));
const most = 0.05;
try {
  const started = performance.now();
  process.stdout.write(
    '  run  heap MiB  outside  resident  files  handles  children  trainer peak MiB  files  seconds\n',
  );
  const held = await enduranceRuns({
    folder,
    runs,
    tell(run, { heap, outsideHeap, resident, files, handles, children, trainerPeak, trainerFiles, seconds }) {
      if (run !== 1 && run !== from && run !== runs && run % 25 !== 0) return;
      process.stdout.write(
        `${[
          [run, 5, 0],
          [heap, 10, 1],
          [outsideHeap, 9, 1],
          [resident, 10, 1],
          [files, 7, 0],
          [handles, 9, 0],
          [children, 10, 0],
          [trainerPeak, 18, 1],
          [trainerFiles, 7, 0],
          [seconds, 9, 2],
        ]
          .map(([value = 0, width = 0, digits = 0]) => value.toFixed(digits).padStart(width))
          .join('')}\n`,
      );
    },
  });
  const growth = growthOf(held, from);
  process.stdout.write(
    `\n${runs} runs in ${((performance.now() - started) / 60_000).toFixed(1)} min; growth from run ${from} ` +
      `on (< ${100 * most} %)\n`,
  );
  for (const { name, before, after, share } of growth)
    process.stdout.write(
      `  ${name.padEnd(13)} ${before.toFixed(1).padStart(8)} -> ${after.toFixed(1).padStart(8)}  ` +
        `${(100 * share).toFixed(1).padStart(6)} %  ${share < most ? 'flat' : 'GROWS'}\n`,
    );
  if (growth.some(({ share }) => share >= most)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
