import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { readSafetensors } from '../../src-main/model/weights/safetensors.ts';
import { openStore } from '../../src-main/store/store.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { resultHash } from '../../src-main/workbench/results/resultHash.ts';
import { publish, type Row } from './measured.ts';

// How far one plan ends from itself: trained twice with two threads, and once each with one, op by op, and with other
// kernels of the processor. CUDA is another engine still, which no machine here has.
const folder = mkdtempSync(join(tmpdir(), 'arcbench-threads-'));
const experiment = join(folder, 'threads.yaml');
writeFileSync(
  experiment,
  `name: Threads
data: { demo: { people: 30, imagesPerPerson: 12 } }
prepare: { inputSize: 32 }
model: { embeddingSize: 64 }
training: { epochs: 8, batchSize: 32, learningRate: 0.05 }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.3, scale: 32 } }
`,
);

interface Ended {
  readonly hash: string | null;
  readonly weights: Float64Array;
  readonly losses: readonly number[];
  readonly metrics: readonly number[];
  readonly points: ReadonlyMap<string, number | null>;
}

/** The runs of the experiment in a workspace of their own, by arm. */
function ended(
  name: string,
  {
    threads = 2,
    args = [],
    environment = {},
  }: { readonly threads?: number; readonly args?: readonly string[]; readonly environment?: NodeJS.ProcessEnv } = {},
): Map<string, Ended> {
  const workspace = join(folder, name);
  const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, '--run', experiment, '--workspace', workspace, '--engine', 'cpu', ...args],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_NO_WARNINGS: '1',
        TF_NUM_INTRAOP_THREADS: String(threads),
        OMP_NUM_THREADS: String(threads),
        ...environment,
      },
    },
  );
  if (status !== 0) throw new Error(stderr);
  const store = openStore(workspace, { readOnly: true });
  try {
    return new Map(
      store.runs().map((run) => {
        const { artefacts, evaluation } = store.result(run.id, 'summary') as TrainedSummary;
        const refuse = (reason: string) => new ArcBenchError('damaged', reason);
        const stored = [...readSafetensors(readFileSync(artefacts['weights'] ?? ''), refuse).values()];
        return [
          run.arm,
          {
            points: new Map(
              store
                .points(run.id)
                .filter(({ name: curve }) => curve !== 'imagesPerSecond')
                .map(({ name: curve, step, value }) => [`${curve} ${step}`, value]),
            ),
            hash: resultHash(store, run.id),
            weights: Float64Array.from(stored.flatMap((tensor) => [...tensor.values()])),
            losses: store.curve(run.id, 'train/loss').map(([, , value]) => value ?? 0),
            metrics: [
              evaluation?.accuracy.val?.top1.value ?? 0,
              evaluation?.accuracy.test?.top1.value ?? 0,
              ...(evaluation?.identification?.rates.map((rate) => rate.truePositiveRate) ?? []),
            ],
          },
        ];
      }),
    );
  } finally {
    store.close();
  }
}

/**
 * How many values of all curves (losses, accuracies, measures of health) two runs do not share, and the curves of
 * those.
 */
function curvesThatDiffer(own: Ended, other: Ended): { readonly value: number; readonly unit: string } {
  const differ = [...own.points.keys()].filter((key) => own.points.get(key) !== other.points.get(key));
  const names = [...new Set(differ.map((key) => key.split(' ')[0]))];
  return {
    value: differ.length,
    unit: `of ${own.points.size}${names.length > 0 && names.length <= 4 ? ` (${names.join(', ')})` : ''}`,
  };
}

const others = [
  { name: '1 thread', options: { threads: 1 } },
  { name: 'op by op (--eager)', options: { args: ['--eager'] } },
  { name: "oneDNN's and ArcBench's kernels held to AVX2", options: { environment: { ONEDNN_MAX_CPU_ISA: 'AVX2' } } },
  { name: "TensorFlow's kernels without oneDNN", options: { environment: { TF_ENABLE_ONEDNN_OPTS: '0' } } },
] as const;

try {
  const first = ended('first');
  const again = ended('again');
  const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
  publish(
    'The same plan with 2 threads, twice',
    [...first].map(([arm, { hash }]): Row => {
      const isSame = hash !== null && hash === again.get(arm)?.hash;
      return { name: `${arm}: result hash`, value: isSame ? 1 : 0, unit: 'equal', goal: 'equal', met: isSame };
    }),
  );
  for (const { name, options } of others) {
    const found = ended(name.replace(/\W+/g, '-'), options);
    publish(
      `2 threads, compiled, against ${name} (largest differences)`,
      [...first].flatMap(([arm, own]): Row[] => {
        const other = found.get(arm) as Ended;
        return [
          {
            name: `${arm}: result hash`,
            value: own.hash === other.hash ? 1 : 0,
            unit: own.hash === other.hash ? 'equal' : 'equal (0: other bits)',
          },
          { name: `${arm}: values of curves that differ`, ...curvesThatDiffer(own, other) },
          {
            name: `${arm}: weights`,
            value: largest(own.weights, other.weights),
            unit: `of at most ${largest(
              own.weights,
              own.weights.map(() => 0),
            ).toPrecision(3)}`,
          },
          {
            name: `${arm}: loss of an epoch`,
            value: largest(own.losses, other.losses),
            unit: `of at most ${Math.max(...own.losses).toPrecision(3)}`,
          },
          {
            name: `${arm}: accuracy or identification rate`,
            value: largest(own.metrics, other.metrics),
            unit: 'share',
          },
        ];
      }),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
