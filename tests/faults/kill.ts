import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRuns } from './killRuns.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } } });
const [kills, seed] = [Number(values.kills), Number(values.seed)];
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  process.stderr.write('--kills takes a whole number from 1 on, --seed a whole number.\n');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'arcbench-kill-'));
const { byPhase, byVictim, mismatches, ...counts } = await killRuns({ folder, kills, seed, tell: (line) => { process.stdout.write(`${line}\n`); } });
const listed = (of: Readonly<Record<string, number>>) => Object.entries(of).map(([name, count]) => `${name} ${count}`).join(', ');
process.stdout.write([
  `kills       ${counts.kills} (seed ${seed}) in ${counts.workspaces} workspaces`, `by phase    ${listed(byPhase)}`, `by victim   ${listed(byVictim)}`, `starts      ${counts.sessions}, of them resumes ${counts.resumes}`,
  `compared    ${counts.compared} files and tables`, `mismatches  ${mismatches.length}`, ...mismatches.map((line) => `  ${line}`), '',
].join('\n'));
if (mismatches.length === 0) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`What differs is kept in ${folder}\n`);
process.exitCode = mismatches.length === 0 ? 0 : 1;
