import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRuns } from './killRuns.ts';
import { notHere } from '../electron/startedApp.ts';
import { desktopDoor } from './desktopDoor.ts';
import { servedDoor, workbenchKills, type KilledDoor } from './workbenchKills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    served: { type: 'string' },
    desktop: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const served = values.served === undefined ? Math.round(kills / 5) : Number(values.served);
const desktopKills = Number(values.desktop);
if (
  !Number.isInteger(kills) ||
  kills < 1 ||
  !Number.isInteger(seed) ||
  !Number.isInteger(served) ||
  served < 0 ||
  !Number.isInteger(desktopKills) ||
  desktopKills < 0 ||
  served + desktopKills > kills
) {
  process.stderr.write(
    '--kills takes a whole number from 1 on, --served and --desktop how many of them a served workbench and the ' +
      'desktop app get, --seed a whole number.\n',
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'arcbench-kill-'));
const started = performance.now();
const tell = (line: string) => {
  process.stdout.write(`${line}\n`);
};
const listed = (of: Readonly<Record<string, number>>) =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
const mismatches: string[] = [];
const lines: string[] = [];
const ofCommandLine = kills - served - desktopKills;
if (ofCommandLine > 0) {
  const counts = await killRuns({ folder, kills: ofCommandLine, seed, tell });
  mismatches.push(...counts.mismatches);
  lines.push(
    `kills       ${counts.kills} of the command line (seed ${seed}) in ${counts.workspaces} workspaces`,
    `by phase    ${listed(counts.byPhase)}`,
    `by victim   ${listed(counts.byVictim)}`,
    `starts      ${counts.sessions}, of them resumes ${counts.resumes}`,
    `compared    ${counts.compared} files and tables`,
  );
}
async function killThrough(door: KilledDoor, count: number): Promise<void> {
  const counts = await workbenchKills({ door, folder, kills: count, seed, tell });
  mismatches.push(...counts.mismatches);
  lines.push(
    `kills       ${counts.kills} of the ${door.name} workbench in ${counts.workspaces} workspaces`,
    `by victim   ${listed(counts.byVictim)}`,
    `compared    ${counts.compared} files and tables`,
  );
}
if (served > 0) await killThrough(servedDoor, served);
if (desktopKills > 0 && notHere) lines.push(`kills       none of the desktop app: ${notHere}`);
else if (desktopKills > 0) {
  const door = await desktopDoor();
  await killThrough(door, desktopKills).finally(() => door.close());
}
process.stdout.write(
  [
    ...lines,
    `mismatches  ${mismatches.length}, after ${((performance.now() - started) / 60_000).toFixed(1)} min`,
    ...mismatches.map((line) => `  ${line}`),
    '',
  ].join('\n'),
);
if (mismatches.length === 0) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`What differs is kept in ${folder}\n`);
process.exitCode = mismatches.length === 0 ? 0 : 1;
