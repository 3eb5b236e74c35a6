import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { childEnd } from '../childEnd.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const experiment = join(folder, 'small.yaml');
writeFileSync(
  experiment,
  `name: Small
data: { source: demo, demo: { people: 14, imagesPerPerson: 10 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0.1 }
model: { backbone: smallcnn, embeddingSize: 16, dropout: 0.1 }
training:
  { epochs: 6, batchSize: 8, learningRate: 0.05, optimizer: adamw,
    augmentation: { flip: 0.5, shift: 0.1, contrast: 0.1, erase: 0.2 } }
arms:
  - { name: cross-entropy, loss: crossEntropy }
  - { name: ArcFace, loss: { name: arcFace, marginRadians: 0.2, scale: 16 } }
`,
);

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
async function arcbench(
  args: readonly string[],
  onError?: (text: string, interrupt: (signal: NodeJS.Signals) => void, processId: number) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onError?.(stderr, (signal) => child.kill(signal), child.pid as number);
  });
  const { code } = await childEnd(child, { what: `arcbench ${args.join(' ')}`, seen: () => stderr });
  return { code, stdout, stderr };
}
const inWorkspace = (name: string, ...args: string[]) => [...args, '--workspace', join(folder, name)];
const lastState = (workspace: string) =>
  Object.fromEntries(
    readdirSync(join(folder, workspace, 'runs'))
      .sort()
      .map((id) => [
        id,
        createHash('sha256')
          .update(readFileSync(join(folder, workspace, 'runs', id, 'checkpoints', 'last', 'state.bin')))
          .digest('hex'),
      ]),
  );

test('an experiment runs from faces to report, and a second call finds it done', async () => {
  const first = await arcbench(inWorkspace('whole', '--run', experiment, '--json'));
  assert.equal(first.code, 0, first.stderr);
  const { report, runs } = JSON.parse(first.stdout) as { report: string; runs: string[] };
  assert.equal(runs.length, 2);
  assert.match(first.stderr, /Training time about .+ \(.+\)\./);
  const text = readFileSync(report, 'utf8');
  for (const part of [
    '## Verdict',
    '## Data and split',
    '### What differs between the arms',
    '### Closed-set accuracy',
    '### Identification of people',
    'share the split, the initial backbone weights',
    '](embeddings.svg)',
    'npm run arcbench -- --run',
  ])
    assert.ok(text.includes(part), part);
  for (const [, file] of text.matchAll(/\]\(([^)]+)\)/g))
    assert.ok(existsSync(join(dirname(report), file as string)), `${file} is linked and not there`);
  assert.match(first.stderr, /epoch 6\/6 {2}loss [\d.]+ {2}train [\d.]+ % {2}val [\d.]+ % {2}\d+ img\/s/);
  for (const id of runs)
    for (const file of ['model/model.json', 'model/weights.bin', 'embeddings.npy', 'labels.tsv'])
      assert.ok(existsSync(join(folder, 'whole', 'runs', id, file)), file);

  const again = await arcbench(inWorkspace('whole', '--run', experiment));
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /ArcFace, seed 1: done already/);
  assert.equal(readFileSync(report, 'utf8'), text);
});

test('Ctrl-C saves, says how to resume, and a resumed run ends with the same bits', async () => {
  const stopped = await arcbench(inWorkspace('stopped', '--run', experiment), (text, interrupt) => {
    if (/Training ArcFace[^]*epoch 2\/6/.test(text) && !text.includes('Stopping')) interrupt('SIGINT');
  });
  assert.equal(stopped.code, 130, stopped.stderr);
  assert.match(
    stopped.stderr,
    /Stopped and saved; `npm run arcbench -- --run .*small\.yaml --workspace .* --resume` goes on from here\./,
  );
  const refused = await arcbench(inWorkspace('stopped', '--run', experiment));
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /ArcFace, seed 1 \(run [0-9a-f]{12}\) was interrupted \(cancelled\): .* --resume` continues it, and --restart starts it from the beginning\.\n$/,
  );
  const resumed = await arcbench(inWorkspace('stopped', '--run', experiment, '--resume'));
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stderr, /Resumed at epoch \d/);
  assert.deepEqual(lastState('stopped'), lastState('whole'));
});

test('a killed run goes on by its id, with the same bits', async () => {
  const killed = await arcbench(inWorkspace('killed', '--run', experiment), (text, interrupt) => {
    if (/Training cross-entropy[^]*epoch 2\/6/.test(text)) interrupt('SIGKILL');
  });
  assert.equal(killed.code, null);
  const listed = JSON.parse((await arcbench(inWorkspace('killed', 'runs', 'list', '--json'))).stdout) as {
    id: string;
    status: string;
  }[];
  assert.deepEqual(
    listed.map((row) => row.status),
    ['cancelled'], // a run whose process is dead is shown as interrupted
  );
  const resumed = await arcbench(inWorkspace('killed', 'runs', 'resume', listed[0]?.id as string));
  assert.equal(resumed.code, 0, resumed.stderr);
  const [id, hash] = Object.entries(lastState('killed'))[0] as [string, string];
  assert.equal(hash, lastState('whole')[id]);
});

test('a trainer that dies leaves its last epoch, which is not thrown away', async () => {
  const died = await arcbench(inWorkspace('died', '--run', experiment), (text, _, main) => {
    if (!/Training cross-entropy[^]*epoch 2\/6/.test(text)) return;
    for (const trainer of readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').trim().split(' ').filter(Boolean))
      process.kill(Number(trainer), 'SIGKILL');
  });
  assert.equal(died.code, 1, died.stderr);
  assert.match(died.stderr, /The trainer was killed \(SIGKILL\).*; resume it with/);
  const refused = await arcbench(inWorkspace('died', '--run', experiment));
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /was interrupted \(failed\)/);
  const resumed = await arcbench(inWorkspace('died', '--run', experiment, '--resume'));
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(lastState('died'), lastState('whole'));
});

test('the stages run one by one, and test is judged by evaluate alone', async () => {
  const stage = async <T>(...args: string[]): Promise<T> => {
    const outcome = await arcbench(inWorkspace('stages', ...args, '--json'));
    assert.equal(outcome.code, 0, outcome.stderr);
    return JSON.parse(outcome.stdout) as T;
  };
  interface Row {
    readonly id: string;
    readonly status: string;
    readonly summary?: { readonly evaluation: unknown };
  }
  assert.equal((await stage<{ images: number }>('import', experiment)).images, 140);
  assert.equal((await stage<{ inputSize: number }>('prepare', experiment)).inputSize, 32);
  assert.ok(existsSync(join((await stage<{ folder: string }>('split', experiment)).folder, 'manifest.json')));
  assert.equal((await stage<{ blocking: number }>('audit', experiment)).blocking, 0);
  const early = await arcbench(inWorkspace('stages', 'evaluate', experiment));
  assert.equal(early.code, 2);
  assert.match(
    early.stderr,
    /cross-entropy, seed 1, is not trained yet: train it first with `npm run arcbench -- train .*small\.yaml --workspace .*stages`/,
  );
  const trained = await stage<Row[]>('train', experiment);
  assert.deepEqual(
    trained.map((row) => [row.status, row.summary?.evaluation]),
    [
      ['trained', null],
      ['trained', null],
    ],
  );
  const evaluated = await stage<Row[]>('evaluate', experiment);
  assert.deepEqual(
    evaluated.map((row) => row.status),
    ['done', 'done'],
  );
  assert.ok(existsSync((await stage<{ report: string }>('report', experiment)).report));
  const target = join(folder, 'exported');
  await stage('export', trained[0]?.id as string, target);
  assert.ok(existsSync(join(target, 'model', 'model.json')) && existsSync(join(target, 'experiment.yaml')));
  if (process.platform !== 'win32') assert.equal(statSync(target).mode & 0o077, 0, 'embeddings identify people');
  // TensorBoard's projector reads no .npy: it takes a line of numbers a picture, and skips the first line of labels
  // where that has a tab.
  const [{ values, size }, vectors, labels] = [
    readNpy(join(target, 'embeddings.npy')),
    ...['embeddings.tsv', 'labels.tsv'].map((name) => readFileSync(join(target, name), 'utf8').trimEnd().split('\n')),
  ] as [ReturnType<typeof readNpy>, string[], string[]];
  assert.equal(labels.length, vectors.length + 1);
  assert.ok(
    vectors
      .flatMap((line) => line.split('\t').map(Number))
      .every((value, index) => Math.abs(value - (values[index] as number)) < 1e-6) &&
      vectors.length * size === values.length,
  );
  assert.match(
    readFileSync(join(target, 'projector_config.pbtxt'), 'utf8'),
    /^embeddings \{\n  tensor_name: "cross-entropy, seed 1"\n  tensor_path: "embeddings\.tsv"\n  metadata_path: "labels\.tsv"\n\}\n$/,
  );
  await stage('runs', 'delete', trained[0]?.id as string);
  assert.ok(!existsSync(join(folder, 'stages', 'runs', trained[0]?.id as string)));
});

test('wrong input ends with 2 and one sentence', async () => {
  const yaml = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'empty'));
  const cases: [string[], RegExp][] = [
    [['--run', yaml('key.yaml', 'training: { epoch: 3 }\n')], /epoch.*epochs/],
    [['--run', yaml('range.yaml', 'prepare: { inputSize: 500 }\n')], /inputSize/],
    [
      ['--run', yaml('unit.yaml', 'arms: [{ name: a, loss: { name: arcFace, marginRadians: 28 } }]\n')],
      /marginRadians/,
    ],
    [['--run', yaml('weights.yaml', 'model: { weights: imagenet }\n')], /model\.weights is imagenet/],
    [
      ['--run', yaml('sampler.yaml', 'arms: [{ name: pairs, loss: triplet }]\n')],
      /The arm pairs cannot be trained: the triplet loss .*sampler/,
    ],
    [['--run', join(folder, 'none.yaml')], /There is no file or folder/],
    [['import', join(folder, 'empty')], /holds no pictures of people/],
    [['impot', experiment], /There is no command 'impot'; the nearest is 'import'/],
    [[experiment], /small\.yaml stands without a command: .*`arcbench --run .*small\.yaml`/],
    [['runs', 'show', 'abc'], /There is no run abc/],
    [['knobs', 'trainig'], /There is no knob or section trainig; the nearest is training/],
    [['--run', yaml('empty.yaml', '# nothing\n')], /empty\.yaml is empty/],
    [
      ['--run', yaml('noVal.yaml', 'split: { train: 0.8, val: 0, test: 0.2 }\n')],
      /split\.val is 0, and the best epoch of a run is chosen by val/,
    ],
    [['split', 'my', 'faces'], /too many arguments for 'split'/],
    [['--run', experiment, 'split', experiment], /--run and the command split were given/],
    [['train', experiment, '--arm', 'arcface'], /the experiment has no such arm; the nearest is ArcFace/],
    [['--engine', 'tpu', 'doctor'], /auto, cuda, cpu/],
    [['--run', experiment, '--resume', '--restart'], /cannot be combined/],
  ];
  for (const [args, sentence] of cases) {
    const { code, stderr, stdout } = await arcbench(inWorkspace('whole', ...args));
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, sentence);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, / at .*:\d+:\d+/); // no stack trace
  }
});
