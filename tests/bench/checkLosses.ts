// Every loss with the defaults that the form offers, trained as the presets losses.yaml and pair-losses.yaml say,
// learns the demo faces: > 0.7 test accuracy. Names of losses choose some.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trainedArms } from '../../src-shared/arms.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { openStore } from '../../src-main/store/store.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { gatherSplit } from '../../src-main/workbench/experiment/runExperiment.ts';
import { trainArms } from '../../src-main/workbench/experiment/trainArms.ts';
import { publish, type Row } from './measured.ts';

const goal = 0.7;
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const workspace = mkdtempSync(join(tmpdir(), 'arcbench-losses-'));
const store = openStore(workspace);
const rows: Row[] = [];
try {
  for (const preset of ['losses', 'pair-losses']) {
    const file = fileURLToPath(new URL(`../../resources/experiments/${preset}.yaml`, import.meta.url));
    const whole = parseExperiment(readFileSync(file, 'utf8'), file);
    for (const arm of trainedArms(whole).filter(({ loss }) => only.length === 0 || only.includes(loss.name))) {
      const plan = { ...whole, arms: [arm] };
      const options = {
        store,
        plan,
        baseFolder: workspace,
        rerunCommand: 'npm run check:losses',
        signal: new AbortController().signal,
        progress: {
          stage: () => undefined,
          step: () => undefined,
          notice: (text: string) => process.stderr.write(`  ${arm.name}: ${text}\n`),
        },
      };
      const started = performance.now();
      const [id] = await trainArms(options, await gatherSplit(options), {
        interrupted: 'restart',
        compiled: true,
        engine: 'auto',
        evaluate: true,
      });
      const accuracy =
        (store.result(id as string, 'summary') as TrainedSummary).evaluation?.accuracy.test?.top1.value ?? Number.NaN;
      rows.push({
        name: `${arm.name} (${((performance.now() - started) / 1000).toFixed(0)} s)`,
        value: accuracy,
        unit: 'test accuracy',
        goal: `> ${goal}`,
        met: accuracy > goal,
      });
    }
  }
} finally {
  store.close();
  rmSync(workspace, { recursive: true });
}
publish(
  'Every loss with its defaults on the demo faces, as the presets losses.yaml and pair-losses.yaml train them',
  rows,
);
if (rows.some((row) => row.met !== true)) process.exitCode = 1;
