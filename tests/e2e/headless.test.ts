import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as onnxruntime from 'onnxruntime-node';
import { parse } from 'yaml';
import { identificationRatesOf, type Evaluation } from '../../src-shared/evaluation.ts';
import { openPackedImages, openPreparedSet } from '../../src-main/data/preparedSet.ts';
import { readNpy } from '../../src-main/files/npyFile.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import type { ReportModel } from '../../src-main/report/reportModel.ts';
import { verifyBundle, type VerifiedBundle } from '../../src-main/workbench/results/bundle/verifyBundle.ts';
import { childEnd } from '../childEnd.ts';
import { eventsOf } from '../workbench/eventRecords.ts';

const main = fileURLToPath(new URL('../../src-main/doors/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'arcbench-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const experiment = join(folder, 'small.yaml');
writeFileSync(
  experiment,
  `name: Small
data: { source: demo, licence: 'drawn, free of rights', demo: { people: 14, imagesPerPerson: 10 } }
prepare: { inputSize: 32 }
split: { query: 0.2, distractors: 0.1 }
model: { backbone: smallcnn, embeddingSize: 16, dropout: 0.1 }
training:
  { epochs: 6, batchSize: 8, learningRate: 0.05, optimizer: adamw, tensorboard: true,
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
  for (const id of runs) {
    const logs = join(folder, 'whole', 'runs', id, 'tensorboard');
    const events = eventsOf(readFileSync(join(logs, readdirSync(logs)[0]!)));
    const epochs = events.filter(({ scalars }) => scalars.some(([tag]) => tag === 'val/accuracy'));
    assert.equal(epochs.length, 6, 'the event file grew with each epoch');
    assert.equal(events.at(-1)?.hyperparameters[0], '_hparams_/session_end_info');
  }

  const again = await arcbench(inWorkspace('whole', '--run', experiment));
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /ArcFace, seed 1: done already/);
  assert.equal(readFileSync(report, 'utf8'), text);
});

test('a bundle is verified without faces, one altered byte is named, and forged numbers are found', async () => {
  const bundle = join(folder, 'bundle');
  const written = await arcbench(inWorkspace('whole', 'bundle', experiment, bundle, '--json'));
  assert.equal(written.code, 0, written.stderr);
  const [report = ''] = readdirSync(join(folder, 'whole', 'reports'));
  assert.equal(
    readFileSync(join(bundle, 'report', 'report.md'), 'utf8'),
    readFileSync(join(folder, 'whole', 'reports', report, 'report.md'), 'utf8'),
  );
  const verified = await arcbench(['verify', bundle, '--json']);
  assert.equal(verified.code, 0, verified.stdout);
  const { runs, files, rewritten } = JSON.parse(verified.stdout) as VerifiedBundle;
  assert.equal(files, (JSON.parse(written.stdout) as { files: number }).files);
  assert.ok(rewritten > 10 && runs.length === 2);
  for (const { numbers } of runs) assert.ok(numbers > 12, 'test accuracy, rates by pairs and by people, verification');

  // One byte of any file is named, and put back.
  for (const file of ['model.json', 'report/metrics.csv', `runs/${runs[0]!.id}/embeddings.npy`]) {
    const path = join(bundle, file);
    const before = readFileSync(path);
    const altered = Buffer.from(before);
    altered[before.length - 30]! ^= 1;
    writeFileSync(path, altered);
    const { problems } = await verifyBundle(bundle);
    assert.ok(problems.includes(`${file} is not the one that was written.`), problems.join(' '));
    writeFileSync(path, before);
  }
  // A byte in a name leaves valid JSON that is no report's model.
  const modelText = readFileSync(join(bundle, 'model.json'), 'utf8');
  for (const name of ['plan', 'arms', 'runs', 'summary', 'evaluation']) {
    writeFileSync(join(bundle, 'model.json'), modelText.replaceAll(`"${name}":`, `"x${name.slice(1)}":`));
    const { problems } = await verifyBundle(bundle);
    assert.ok(problems.includes('model.json is not the one that was written.'), `${name}: ${problems.join(' ')}`);
  }
  writeFileSync(join(bundle, 'model.json'), modelText);
  // Whoever raises an accuracy and writes the report and the hashes to suit is found by the predictions.
  const model = JSON.parse(modelText) as ReportModel;
  const forged = JSON.parse(JSON.stringify(model), (key, value: unknown) =>
    key === 'top1' ? { ...(value as object), value: 0.987654 } : value,
  ) as ReportModel;
  const contents = new Map([
    ['model.json', JSON.stringify(forged)],
    ...[...renderReport(forged)].map(([name, content]) => [`report/${name}`, content] as const),
  ]);
  let sums = readFileSync(join(bundle, 'SHA256SUMS'), 'utf8');
  for (const [file, content] of contents) {
    writeFileSync(join(bundle, file), content);
    const sum = createHash('sha256').update(content).digest('hex');
    sums = sums.replace(new RegExp(`^\\w{64}  ${file}$`, 'm'), `${sum}  ${file}`);
  }
  writeFileSync(join(bundle, 'SHA256SUMS'), sums);
  const { problems } = await verifyBundle(bundle);
  assert.deepEqual(
    problems.map((problem) => problem.replace(/and [\d.]+ by/, 'and X by')),
    ['cross-entropy', 'ArcFace'].map(
      (arm) => `${arm}, seed 1: the test accuracy is 0.987654 in the report, and X by its embeddings.`,
    ),
  );
  const none = await arcbench(['verify', folder]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /is no bundle: a folder that `arcbench bundle <experiment> <folder>` wrote was expected/);
});

test('a bundle with strange entries is not whole, and nothing outside of it is read', async () => {
  const whole = join(folder, 'to alter');
  assert.equal((await arcbench(inWorkspace('whole', 'bundle', experiment, whole))).code, 0);
  const [id = ''] = readdirSync(join(whole, 'runs'));
  const altered = join(folder, 'altered');
  const problemsAfter = async (alter: () => void): Promise<string> => {
    rmSync(altered, { recursive: true, force: true });
    cpSync(whole, altered, { recursive: true });
    alter();
    // Whoever forges a bundle writes its hashes anew.
    const files = readdirSync(altered, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
      .map((entry) => join(entry.parentPath, entry.name));
    const sums = files.map((file) => {
      const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${hash}  ${relative(altered, file)}\n`;
    });
    writeFileSync(join(altered, 'SHA256SUMS'), sums.join(''));
    return (await verifyBundle(altered)).problems.join(' ');
  };
  const model = join(altered, 'model.json');
  assert.equal(await problemsAfter(() => undefined), '');
  for (const content of ['null', 'false', '0', '""', '[]'])
    assert.match(
      await problemsAfter(() => writeFileSync(model, content)),
      /model\.json does not hold the runs/,
      content,
    );
  const outside = `../../to alter/runs/${id}`;
  const led = () => writeFileSync(model, readFileSync(model, 'utf8').replaceAll(`"${id}"`, JSON.stringify(outside)));
  assert.match(await problemsAfter(led), /cannot be computed again: its embeddings\.npy is not in the bundle/);
  const linked = () => {
    rmSync(join(altered, 'runs'), { recursive: true });
    symlinkSync(join(whole, 'runs'), join(altered, 'runs'));
  };
  assert.match(await problemsAfter(linked), /runs is no regular file, and was not read\. .*is not in the bundle/);
  const chart = join(altered, 'report', 'loss.svg');
  for (const put of [
    () => execFileSync('mkfifo', [chart]),
    () => symlinkSync('/dev/zero', chart),
    () => symlinkSync(join(whole, 'report', 'loss.svg'), chart),
  ])
    assert.match(
      await problemsAfter(() => {
        rmSync(chart);
        put();
      }),
      /^report\/loss\.svg is no regular file, and was not read\./,
    );
  const sums = join(altered, 'SHA256SUMS');
  await problemsAfter(() => undefined);
  const lines = readFileSync(sums, 'utf8');
  writeFileSync(sums, lines.replaceAll(/^\w{64}/gm, '0'.repeat(64)) + lines);
  assert.match((await verifyBundle(altered)).problems.join(' '), /SHA256SUMS names model\.json more than once\./);
  for (const put of [() => execFileSync('mkfifo', [sums]), () => mkdirSync(sums)]) {
    rmSync(sums, { recursive: true });
    put();
    await assert.rejects(verifyBundle(altered), { code: 'wrong-input', message: /is no bundle/ });
  }
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

test('a killed program and a trainer that dies lose nothing: the run goes on with the same bits', async () => {
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
  const died = await arcbench(inWorkspace('killed', '--run', experiment, '--resume'), (text, _, main) => {
    if (!/Training cross-entropy[^]*epoch 4\/6/.test(text)) return;
    for (const trainer of readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').trim().split(' ').filter(Boolean))
      process.kill(Number(trainer), 'SIGKILL');
  });
  assert.equal(died.code, 1, died.stderr);
  assert.match(died.stderr, /The trainer was killed \(SIGKILL\).*; resume it with/);
  const refused = await arcbench(inWorkspace('killed', '--run', experiment));
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /was interrupted \(failed\)/);
  const resumed = await arcbench(inWorkspace('killed', 'runs', 'resume', listed[0]?.id as string));
  assert.equal(resumed.code, 0, resumed.stderr);
  const [id, hash] = Object.entries(lastState('killed'))[0] as [string, string];
  assert.equal(hash, lastState('whole')[id]);
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
  await assertOnnxEmbeds(target, join(folder, 'stages'));
  assertDocuments(target, evaluated[0]!);
  await stage('runs', 'delete', trained[0]?.id as string);
  assert.ok(!existsSync(join(folder, 'stages', 'runs', trained[0]?.id as string)));
});

/** The model card states what the run was judged to be, and the files about the split describe it. */
function assertDocuments(exported: string, { id }: { readonly id: string }): void {
  const card = readFileSync(join(exported, 'README.md'), 'utf8');
  const [, front = '', text = ''] = card.split('---\n');
  const { 'model-index': index, data_licence: licence } = parse(front) as {
    'model-index': [{ results: [{ metrics: { name: string; value: number }[] }] }];
    data_licence: string;
  };
  const { test, thresholds } = judgedIn(exported);
  assert.equal(licence, 'drawn, free of rights');
  assert.deepEqual(index[0].results[0].metrics[0], { type: 'accuracy', name: 'Top-1 accuracy on test', value: test });
  assert.ok(
    text.includes('Licence of the pictures, as the author of the experiment states it: drawn, free of rights.'),
  );
  assert.ok(thresholds.length > 1, 'rates that pairs carry');
  for (const threshold of thresholds) assert.ok(text.includes(`| ${threshold.toFixed(4)} |`), `threshold ${threshold}`);
  assert.ok(text.includes(id));
  const csv = readFileSync(join(exported, 'split.csv'));
  const { distribution } = JSON.parse(readFileSync(join(exported, 'croissant.json'), 'utf8')) as {
    distribution: [{ sha256: string }];
  };
  assert.equal(distribution[0].sha256, createHash('sha256').update(csv).digest('hex'));
  const pictures = csv.toString().trimEnd().split('\n').slice(1);
  const inQuery = pictures.filter((line) => line.startsWith('query,')).length;
  assert.equal(String(inQuery), /\| query +\| +\d+ +\| +(\d+) +\|/.exec(text)?.[1]);
  assert.match(readFileSync(join(exported, 'CITATION.cff'), 'utf8'), /^cff-version: 1\.2\.0\n[^]*title: ArcBench\n/);
}

/** The accuracy on test, and the thresholds of the rates that pairs carry, as run.json has them. */
function judgedIn(exported: string): { readonly test: number; readonly thresholds: readonly number[] } {
  const { evaluation } = (
    JSON.parse(readFileSync(join(exported, 'run.json'), 'utf8')) as { summary: { evaluation: Evaluation } }
  ).summary;
  const rates = evaluation.identification ? identificationRatesOf(evaluation.identification) : [];
  return {
    test: evaluation.accuracy.test!.top1.value,
    thresholds: rates.filter(({ carried }) => carried).map(({ threshold }) => threshold),
  };
}

/** The exported model.onnx gives the rows of embeddings.npy to 1e-4, from the pictures as they were prepared. */
async function assertOnnxEmbeds(exported: string, workspace: string): Promise<void> {
  const [prepared = ''] = readdirSync(join(workspace, 'prepared')).filter((name) => !name.startsWith('demo-'));
  const set = openPreparedSet(join(workspace, 'prepared', prepared));
  const packed = openPackedImages(set);
  const labels = readFileSync(join(exported, 'labels.tsv'), 'utf8').trimEnd().split('\n').slice(1);
  const files = labels.slice(0, 6).map((line) => line.split('\t')[2]);
  const side = set.inputSize;
  const pixels = new Uint8Array(files.length * side * side * 3);
  packed.readInto(
    files.map((file) => set.images.findIndex(({ path }) => path === file)),
    pixels,
  );
  packed.close();
  const session = await onnxruntime.InferenceSession.create(readFileSync(join(exported, 'model.onnx')));
  const embed = async (mirrored: boolean) => {
    const input = new Float32Array(pixels.length);
    for (let index = 0; index < pixels.length; index++) {
      const channel = index % 3;
      const column = Math.floor(index / 3) % side;
      const row = Math.floor(index / 3 / side) % side;
      const picture = Math.floor(index / 3 / side / side);
      const at = mirrored ? side - 1 - column : column;
      input[((picture * 3 + channel) * side + row) * side + at] = (pixels[index]! - 127.5) / 127.5;
    }
    const tensor = new onnxruntime.Tensor('float32', input, [files.length, 3, side, side]);
    return Object.values(await session.run({ input: tensor }))[0]!.data as Float32Array;
  };
  const plain = await embed(false);
  const mirrored = await embed(true);
  const { values, size } = readNpy(join(exported, 'embeddings.npy'));
  for (let picture = 0; picture < files.length; picture++) {
    const sum = Array.from({ length: size }, (_, at) => plain[picture * size + at]! + mirrored[picture * size + at]!);
    const norm = Math.hypot(...sum);
    sum.forEach((value, at) => assert.ok(Math.abs(value / norm - values[picture * size + at]!) < 1e-4));
  }
}

test('wrong input ends with 2 and one sentence', async () => {
  const yaml = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const cases: [string[], RegExp][] = [
    [['--run', yaml('key.yaml', 'training: { epoch: 3 }\n')], /epoch.*epochs/],
    [
      ['--run', yaml('unit.yaml', 'arms: [{ name: a, loss: { name: arcFace, marginRadians: 28 } }]\n')],
      /marginRadians/,
    ],
    [['--run', yaml('weights.yaml', 'model: { weights: imagenet }\n')], /model\.weights is imagenet/],
    [['--run', join(folder, 'none.yaml')], /There is no file or folder/],
    [['impot', experiment], /There is no command 'impot'; the nearest is 'import'/],
    [[experiment], /small\.yaml stands without a command: .*`arcbench --run .*small\.yaml`/],
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
