import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { dataSchema } from '../../src-shared/dataSchema.ts';
import { jobEnd } from '../jobEnd.ts';
import { callFrom, openBrowser, serveWorkbench } from '../e2e/servedBrowser.ts';
import { childrenOf } from './faultExperiment.ts';

// A day of use in fast motion: each round stands for ten minutes of a person at work. Faces are imported, split,
// trained, looked at and deleted, and every view is opened and left. The processes and the disk must not grow.
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '144' }, from: { type: 'string', default: '24' } },
});
const rounds = Number(values.rounds);
const from = Number(values.from);
if (!Number.isInteger(rounds) || !Number.isInteger(from) || from < 1 || rounds < 2 * from) {
  process.stderr.write('--rounds takes a whole number of at least twice that of --from, which is 24 if left out.\n');
  process.exit(2);
}

const views = ['datasets', 'split', 'experiment', 'live', 'runs', 'embedding', 'report', 'settings'] as const;
const datasets = 4; // that take turns, so that prepared sets and splits are made once each
const most = 0.08; // growth that is still called flat: 8 %

/** The faces of a round: one of a few synthetic datasets. */
const facesOf = (round: number) => ({
  source: 'demo',
  demo: { people: 8, imagesPerPerson: 6, seed: 1 + (round % datasets) },
});
const experimentOf = (round: number): string => `name: Day ${round % datasets}
data: ${JSON.stringify(facesOf(round))}
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0, duplicates: allow }
model: { backbone: smallcnn, embeddingSize: 4 }
training: { epochs: 1, batchSize: 8, learningRate: 0.01 }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }
`;

interface Held {
  readonly resident: number; // MiB, of the workbench
  readonly files: number; // open files of the workbench
  readonly children: number; // processes of the workbench
  readonly pageHeap: number; // MiB, of the page after its garbage is collected
  readonly pageNodes: number; // elements of the page
  readonly disk: number; // MiB, of the workspace
  readonly database: number; // MiB
}

const folder = mkdtempSync(join(tmpdir(), 'arcbench-day-'));
const workspace = join(folder, 'workspace');

/** Ends a job, and takes it off the list. */
async function finish(page: Page, job: Job): Promise<void> {
  const ended = await jobEnd(job, () => callFrom(page, 'jobs.list', {}));
  if (ended.state !== 'done') throw new Error(`${ended.title}: ${ended.fault?.message ?? ended.state}`);
  await callFrom(page, 'jobs.dismiss', { id: ended.id });
}

/** One round: from faces to a report, with everything looked at, and the runs deleted. */
async function useOnce(page: Page, round: number): Promise<void> {
  const data = dataSchema.parse(facesOf(round));
  await finish(page, await callFrom(page, 'datasets.import', { data }));
  const saved = await callFrom(page, 'experiments.save', { id: null, yaml: experimentOf(round) });
  await finish(page, await callFrom(page, 'experiments.start', { id: saved.id, interrupted: 'refuse' }));
  const runs = await callFrom(page, 'runs.list', {});
  const [run] = runs;
  if (!run) throw new Error('The experiment left no run.');
  const projection = { run: run.id, of: 'end', method: 'pca', dimensions: 2, seed: 1, neighbours: 5 } as const;
  await finish(page, await callFrom(page, 'embedding.project', projection));
  for (const view of views) {
    await page.evaluate((name) => {
      location.hash = `#/${name}`;
    }, view);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForTimeout(120);
  }
  await callFrom(page, 'runs.delete', { ids: runs.map((each) => each.id) });
  await callFrom(page, 'experiments.delete', { id: saved.id });
  for (const { hash } of await callFrom(page, 'datasets.list', {})) await callFrom(page, 'datasets.forget', { hash });
}

const mebibytes = (bytes: number): number => bytes / 2 ** 20;
const diskOf = (path: string): number => Number(execFileSync('du', ['-sb', path], { encoding: 'utf8' }).split('\t')[0]);

async function measure(page: Page, workbench: number): Promise<Held> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { readonly usedSize: number };
  await session.detach();
  const status = readFileSync(`/proc/${workbench}/status`, 'utf8');
  return {
    resident: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    files: readdirSync(`/proc/${workbench}/fd`).length,
    children: childrenOf(workbench).length,
    pageHeap: mebibytes(usedSize),
    pageNodes: await page.evaluate(() => document.querySelectorAll('*').length),
    disk: mebibytes(diskOf(workspace)),
    database: mebibytes(statSync(join(workspace, 'arcbench.db')).size),
  };
}

const names = ['resident', 'files', 'children', 'pageHeap', 'pageNodes', 'disk', 'database'] as const;
const mean = (held: readonly Held[], name: keyof Held): number =>
  held.reduce((sum, each) => sum + each[name], 0) / held.length;

let browser: Browser | null = null;
const served = await serveWorkbench(workspace, [folder]);
try {
  browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  await context.addInitScript(() => localStorage.setItem('arcbench.tour', 'done'));
  let page = await context.newPage();
  await page.goto(served.open);
  const workbench = childrenOf(process.pid).find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('\0serve\0'),
  );
  if (workbench === undefined) throw new Error('The process of the workbench was not found.');
  const held: Held[] = [];
  const started = performance.now();
  console.log(`round ${names.map((name) => name.padStart(10)).join('')}`);
  for (let round = 1; round <= rounds; round++) {
    await useOnce(page, round);
    held.push(await measure(page, workbench));
    if (round === 1 || round % 12 === 0)
      console.log(
        `${String(round).padStart(5)} ${names.map((name) => held.at(-1)![name].toFixed(1).padStart(10)).join('')}`,
      );
    // Every two hours the screens are closed and opened again.
    if (round % 12 === 0) {
      await page.close();
      page = await context.newPage();
      await page.goto(served.address);
    }
  }
  console.log(`\n${rounds} rounds in ${((performance.now() - started) / 60_000).toFixed(1)} min:`);
  for (const name of names) {
    const before = mean(held.slice(from - 12, from), name);
    const after = mean(held.slice(-12), name);
    const share = before === after ? 0 : after / before - 1;
    console.log(
      `  ${name.padEnd(10)} ${before.toFixed(1).padStart(8)} -> ${after.toFixed(1).padStart(8)} ` +
        `${(100 * share).toFixed(1).padStart(6)} %  ${share < most ? 'flat' : 'GROWS'}`,
    );
    if (share >= most) process.exitCode = 1;
  }
} finally {
  await browser?.close();
  await served.stop();
  rmSync(folder, { recursive: true, force: true });
}
