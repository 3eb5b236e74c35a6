import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { openStore } from '../../src-main/store/store.ts';
import type { TrainedSummary } from '../../src-main/train/trainerMessages.ts';
import { resultHash } from '../../src-main/workbench/resultHash.ts';
import { publish, type Row } from './measured.ts';

// How far one plan ends from itself: trained twice with two threads, and once with one.
const folder = mkdtempSync(join(tmpdir(), 'arcbench-threads-'));
const experiment = join(folder, 'threads.yaml');
writeFileSync(experiment, `name: Threads
data: { demo: { people: 30, imagesPerPerson: 12 } }
prepare: { inputSize: 32 }
model: { embeddingSize: 64 }
training: { epochs: 8, batchSize: 32, learningRate: 0.05 }
arms: [{ name: cross-entropy, loss: crossEntropy }, { name: ArcFace, loss: { name: arcFace, marginRadians: 0.3, scale: 32 } }]
`);

interface Ended { readonly hash: string | null; readonly weights: Float64Array; readonly losses: readonly number[]; readonly metrics: readonly number[] }

/** The runs of the experiment in a workspace of their own, by arm. */
function ended(name: string, threads: number): Map<string, Ended> {
  const workspace = join(folder, name);
  const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [main, '--run', experiment, '--workspace', workspace, '--engine', 'cpu'], { encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1', TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) } });
  if (status !== 0) throw new Error(stderr);
  const store = openStore(workspace, { readOnly: true });
  try {
    return new Map(store.runs().map((run) => {
      const { artefacts, evaluation } = store.result(run.id, 'summary') as TrainedSummary;
      const refuse = (reason: string) => new ArcBenchError('damaged', reason);
      const stored = [...readSafetensors(readFileSync(artefacts['weights'] ?? ''), refuse).values()];
      return [run.arm, {
        hash: resultHash(store, run.id), weights: Float64Array.from(stored.flatMap((tensor) => [...tensor.values()])), losses: store.curve(run.id, 'train/loss').map(([, , value]) => value ?? 0),
        metrics: [evaluation?.accuracy.val?.top1.value ?? 0, evaluation?.accuracy.test?.top1.value ?? 0, ...evaluation?.identification?.rates.map((rate) => rate.truePositiveRate) ?? []],
      }];
    }));
  } finally {
    store.close();
  }
}

try {
  const [two, again, one] = [ended('two', 2), ended('again', 2), ended('one', 1)];
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
  publish('The same plan with 2 threads twice, and with 1 thread (largest differences)', [...two].flatMap(([arm, own]): Row[] => {
    const [same, other] = [again.get(arm) as Ended, one.get(arm) as Ended];
    return [
      { name: `${arm}: result hash of 2 threads, twice`, value: own.hash === same.hash ? 1 : 0, unit: 'equal', goal: 'equal', met: own.hash !== null && own.hash === same.hash },
      { name: `${arm}: weights, 1 thread against 2`, value: largest(own.weights, other.weights), unit: `of at most ${largest(own.weights, own.weights.map(() => 0)).toPrecision(3)}` },
      { name: `${arm}: loss of an epoch`, value: largest(own.losses, other.losses), unit: `of at most ${Math.max(...own.losses).toPrecision(3)}` },
      { name: `${arm}: accuracy or identification rate`, value: largest(own.metrics, other.metrics), unit: 'share' },
    ];
  }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
