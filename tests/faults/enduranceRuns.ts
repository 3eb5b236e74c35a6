import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import type { Job } from '../../src-shared/answers/jobAnswers.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { childrenOf, trainersOf } from './faultExperiment.ts';

/**
 * What the workbench and the trainer hold after a run; memory in MiB, the heap without compiled code, of which there is
 * more until all that runs often is compiled.
 */
export interface Held {
  readonly heap: number;
  readonly outsideHeap: number;
  readonly resident: number;
  readonly files: number;
  readonly handles: number;
  readonly children: number;
  readonly trainerPeak: number;
  readonly trainerFiles: number;
  readonly seconds: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const mebibytes = (bytes: number) => bytes / 2 ** 20;
const heapUsed = () =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => !/code|trusted/.test(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);

const experiment = (seed: number) => `name: Endurance
data: { source: demo, demo: { people: 6, imagesPerPerson: 6 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0 }
model: { backbone: smallcnn, embeddingSize: 4 }
training: { epochs: 1, batchSize: 8, learningRate: 0.01 }
seeds: [${seed}]
arms: [{ name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }]
`;

/** Trains runs one after the other in one workbench, each from the faces to its report, and measures after each. */
export async function enduranceRuns({
  folder,
  runs,
  tell,
}: {
  readonly folder: string;
  readonly runs: number;
  readonly tell: (run: number, held: Held) => void;
}): Promise<Held[]> {
  const workbench = openWorkbench({ workspace: join(folder, 'workspace'), door: 'serve', roots: [folder] });
  const call = async <Name extends CallName>(name: Name, input: CallInput<Name>) =>
    (await workbench.call(name, input)) as CallOutputs[Name];
  let trainer = { peak: 0, files: 0 };
  const watchTrainer = () => {
    for (const id of trainersOf(process.pid)) {
      try {
        const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024;
        trainer = {
          peak: Math.max(trainer.peak, peak),
          files: Math.max(trainer.files, readdirSync(`/proc/${id}/fd`).length),
        };
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const run = async (id: string | null, seed: number): Promise<string> => {
    const saved = await call('experiments.save', { id, yaml: experiment(seed) });
    const ended = new Promise<Job>((resolve) => {
      const stop = workbench.subscribe((event) => {
        if (event.event !== 'job' || event.payload.endedAt === null) return;
        stop();
        resolve(event.payload);
      });
    });
    await call('experiments.start', { id: saved.id, interrupted: 'refuse' });
    const watch = setInterval(watchTrainer, 50);
    const job = await ended.finally(() => clearInterval(watch));
    assert.equal(job.state, 'done', job.fault?.message);
    assert.equal((await call('runs.list', { limit: 1 }))[0]?.status, 'done');
    return saved.id;
  };
  try {
    const held: Held[] = [];
    let id: string | null = null;
    for (let number = 1; number <= runs; number++) {
      trainer = { peak: 0, files: 0 };
      const started = performance.now();
      id = await run(id, number);
      const seconds = (performance.now() - started) / 1000;
      await wait(150); // the last progress of a job is told a moment later
      collectGarbage();
      const { external, rss } = process.memoryUsage();
      const now = {
        heap: mebibytes(heapUsed()),
        outsideHeap: mebibytes(external),
        resident: mebibytes(rss),
        files: readdirSync('/proc/self/fd').length,
        handles: process.getActiveResourcesInfo().length,
        children: childrenOf(process.pid).length,
        trainerPeak: trainer.peak,
        trainerFiles: trainer.files,
        seconds,
      };
      held.push(now);
      tell(number, now);
    }
    return held;
  } finally {
    await workbench.close();
  }
}

export interface Growth {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly share: number;
}

/**
 * How much each measure grew from the runs that end with one to the last ones, a tenth of the runs between each: means
 * of memory, the most of what is counted.
 */
export function growthOf(held: readonly Held[], from: number): Growth[] {
  const width = Math.max(1, Math.floor((held.length - from) / 10));
  const counted: readonly string[] = ['files', 'handles', 'children', 'trainerFiles'];
  const over = (runs: readonly Held[], name: keyof Held) =>
    counted.includes(name)
      ? Math.max(...runs.map((run) => run[name]))
      : runs.reduce((sum, run) => sum + run[name], 0) / runs.length;
  const names = [
    'heap',
    'outsideHeap',
    'resident',
    'files',
    'handles',
    'children',
    'trainerPeak',
    'trainerFiles',
  ] as const;
  return names.map((name) => {
    const before = over(held.slice(Math.max(0, from - width), from), name);
    const after = over(held.slice(-width), name);
    return {
      name,
      before,
      after,
      share: before === after ? 0 : after / before - 1,
    };
  });
}
