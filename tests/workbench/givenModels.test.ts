import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import type { Evaluation } from '../../src-shared/evaluation.ts';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import { startFaceWorkers } from '../../src-main/data/faceWorkers.ts';
import { openPreparedSet } from '../../src-main/data/preparedSet.ts';
import { startEmbedder } from '../../src-main/evaluate/embedder/startEmbedder.ts';
import { npyBytes, readNpy } from '../../src-main/files/npyFile.ts';
import { MessageWriter } from '../../src-main/files/protobuf.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openStore, type Store } from '../../src-main/store/store.ts';
import { comparisonRuns } from '../../src-main/workbench/experiment/plannedRuns.ts';
import { withContent } from '../../src-main/workbench/experiment/gatherGiven.ts';
import { planToExtend } from '../../src-main/workbench/experiment/planToExtend.ts';
import { planHash } from '../../src-main/workbench/experiment/planHash.ts';
import { gatherSplit, runExperiment } from '../../src-main/workbench/experiment/runExperiment.ts';
import type { StageOptions } from '../../src-main/workbench/experiment/stage.ts';
import { verifyBundle } from '../../src-main/workbench/results/bundle/verifyBundle.ts';
import { writeBundle } from '../../src-main/workbench/results/bundle/writeBundle.ts';
import { exportRun } from '../../src-main/workbench/results/export/exportRun.ts';
import { embedPictures } from '../../src-main/workbench/trial/embedPictures.ts';
import { trialRun } from '../../src-main/workbench/trial/trialRun.ts';
import { writeEmbeddedFaces } from '../../src-main/workbench/trial/writeEmbeddedFaces.ts';
import { checkWorkspace } from '../../src-main/workbench/workspace/checkWorkspace.ts';
import { findRemovable } from '../../src-main/workbench/workspace/clean/findRemovable.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-given-'));
const exported = join(folder, 'exported');
const embedded = join(folder, 'embedded');
const said: string[] = [];
let store: Store;
/** A trained run of each seed, and the runs of the model and of the embeddings of the first. */
let ids: { readonly trained: readonly string[]; readonly onnx: string; readonly embeddings: string };
let report = '';

const inputSize = 32;
const arcFace = { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.2, scale: 16 } };
const model = { name: 'model', onnx: 'exported/model.onnx' };
const rows = { name: 'rows', embeddings: 'embedded/embeddings.npy' };

const planOf = (arms: readonly object[], more: object = {}): Plan =>
  experimentSchema.parse({
    name: 'Given',
    data: { source: 'demo', demo: { people: 12, imagesPerPerson: 10 } },
    prepare: { inputSize },
    split: { query: 0.25, distractors: 0.1, duplicates: 'allow' },
    model: { embeddingSize: 8 },
    training: { epochs: 2, batchSize: 8, learningRate: 0.05 },
    seeds: [1, 2],
    arms,
    ...more,
  });

async function optionsOf(plan: Plan): Promise<StageOptions> {
  const base = { store, baseFolder: folder };
  return {
    ...base,
    plan: await withContent(plan, base),
    progress: { stage: () => undefined, step: () => undefined, notice: (text) => said.push(text) },
    signal: new AbortController().signal,
    rerunCommand: 'arcbench --run given.yaml',
  };
}
const run = async (plan: Plan) =>
  runExperiment(await optionsOf(plan), { interrupted: 'refuse', compiled: true, engine: 'cpu' });
const summaryOf = (id: string) => store.result(id, 'summary') as TrainedSummary;
const evaluationOf = (id: string): Evaluation => summaryOf(id).evaluation!;

/** As `arcbench embed <run> <data>` does. */
async function embedAll(id: string): Promise<void> {
  const faces = store.result(id, 'faces') as { readonly prepared: string };
  const { images } = openPreparedSet(workspaceFolders(store.workspace).preparedSet(faces.prepared));
  const workers = startFaceWorkers();
  const embedder = startEmbedder({ engine: 'cpu' });
  try {
    const { faces: found, rejected } = await embedPictures(trialRun(store, id), images, {
      aligned: false,
      largestOnly: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      tools: { finder: { findEvery: () => Promise.reject(new Error('nothing is to be found')) }, workers, embedder },
    });
    await writeEmbeddedFaces(embedded, { faces: found, rejected });
  } finally {
    embedder.close();
    await workers.close();
  }
}

before(async () => {
  store = openStore(join(folder, 'workspace'));
  const { runs: trained } = await run(planOf([arcFace]));
  await exportRun(store, trained[0]!, { target: exported, pictures: false });
  await embedAll(trained[0]!);
  const given = await run(planOf([arcFace, model, rows]));
  const idOf = (arm: string) => given.runs.filter((id) => store.run(id)?.arm === arm);
  assert.deepEqual([given.runs.length, idOf('model').length, idOf('rows').length], [4, 1, 1]);
  ids = { trained: idOf('ArcFace'), onnx: idOf('model')[0]!, embeddings: idOf('rows')[0]! };
  report = readFileSync(given.report, 'utf8');
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What of an evaluation needs neither a head nor its margin, nor lengths of embeddings. */
function headFree({ identification, verification, ranks, marginFree, geometry, aliases }: Evaluation) {
  return {
    identification,
    verification,
    ranks,
    aliases,
    marginFree: { ...marginFree, cosine: null },
    angles: [geometry?.within, geometry?.between, geometry?.toMeans.own, geometry?.toMeans.nearestOther],
  };
}
/** The numbers in a value, by their places. */
function numbersIn(value: unknown, place = ''): [string, number][] {
  if (typeof value === 'number') return [[place, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, own]) => numbersIn(own, `${place}.${key}`));
}

test('an exported run that comes back gives the same numbers, as embeddings to the last bit', () => {
  const expected = headFree(evaluationOf(ids.trained[0]!));
  assert.ok(numbersIn(expected).length > 500);
  assert.deepEqual(headFree(evaluationOf(ids.embeddings)), expected);
  const again = new Map(numbersIn(headFree(evaluationOf(ids.onnx))));
  for (const [place, number] of numbersIn(expected)) {
    const isAngle = place.startsWith('.angles') && !place.includes('histogram');
    // onnxruntime adds in another order: cosines differ by 1e-6 at most, angles by what this is at an angle of 1°.
    const tolerance = isAngle ? 1e-3 : 1e-5;
    const own = again.get(place) ?? Number.NaN;
    assert.ok(Math.abs(own - number) <= tolerance, `${place} is ${own}, not ${number}`);
  }
  const { parameters, epochs } = summaryOf(ids.onnx);
  // BatchNorm's running statistics are weights of the file too, and are not trained.
  assert.ok(parameters! >= summaryOf(ids.trained[0]!).parameters! && epochs === 0);
  assert.equal(summaryOf(ids.embeddings).parameters, null);
});

test('a model without a head has no accuracy of one, and the verdict compares what all arms have', () => {
  for (const id of [ids.onnx, ids.embeddings]) {
    assert.deepEqual(evaluationOf(id).accuracy, { val: null, test: null });
    assert.equal(store.result(id, 'predictions'), null);
    assert.equal(store.result(id, 'draws'), null);
    assert.equal(store.run(id)?.initialWeightsHash, null);
    // What it takes a picture for is the person of the nearest centre.
    const { confusions, marginFree } = evaluationOf(id);
    assert.equal(confusions!.mistaken.total - confusions!.mistaken.correct, marginFree!.nearestCentre.correct);
  }
  const verdict = report.slice(report.indexOf('## Verdict'), report.indexOf('## Data and split'));
  assert.match(verdict, /model and ArcFace [^\n]* accuracy by nearest centre[^\n]*2 pairs/);
  assert.doesNotMatch(verdict, /learning rate of 0\.05, untuned: [^\n]*model/);
  assert.doesNotMatch(verdict, /is not paired|no hash of/);
  assert.match(verdict, /\*\*model and rows were not trained here\*\* \(`exported\/model\.onnx` and `embedded/);
  assert.match(verdict, /no spread over seeds/);
  assert.match(report, /\| model \| — \| evaluated, not trained here \|/);
  assert.match(report, /\| model \| not trained here: `exported\/model\.onnx`, [\d,]+ numbers in its weights \|/);
  assert.match(report, /\| rows \| not trained here: embeddings `embedded\/embeddings\.npy` \|/);
});

test('it can be bundled, verified, checked and cleaned, and is no run to export, to try or to start from', async () => {
  const options = await optionsOf(planOf([arcFace, model, rows]));
  const { plan, rerunCommand } = options;
  const faces = await gatherSplit(options);
  const bundle = join(folder, 'bundle');
  const hash = planHash(plan);
  const runs = comparisonRuns(store, plan, faces);
  const { runs: count } = await writeBundle(store, { plan, hash, faces, runs, rerunCommand }, bundle);
  const { problems, runs: verified } = await verifyBundle(bundle);
  assert.deepEqual([count, problems], [4, []]);
  assert.ok(verified.filter(({ name }) => !name.startsWith('ArcFace')).every(({ numbers }) => numbers > 10));

  const faults = await checkWorkspace(store, { repair: false, onProgress: () => undefined });
  assert.deepEqual(faults, []);
  const removable = (await findRemovable(store)).map(({ id }) => id);
  assert.ok(removable.includes(`checkpoints/${ids.trained[0]}`));
  assert.ok(!removable.some((id) => id.includes(ids.onnx) || id.includes(ids.embeddings)));

  await assert.rejects(exportRun(store, ids.onnx, { target: join(folder, 'no'), pictures: false }), {
    code: 'wrong-input',
    message:
      /\(model\) was not trained here, it evaluates exported\/model\.onnx: there is no model of its own to export/,
  });
  assert.throws(() => trialRun(store, ids.embeddings), { code: 'wrong-input', message: /was not trained here/ });
  const from = { ...arcFace, settings: { 'model.from': ids.onnx } };
  await assert.rejects(run(planOf([from])), {
    code: 'wrong-input',
    message: /model\.from names run .* was not trained/,
  });
});

test('the exported plan of another arm carries the model and the embeddings with their labels', async () => {
  const target = join(folder, 'portable');
  await exportRun(store, ids.trained[0]!, { target, pictures: false });
  const plan = experimentSchema.parse(parse(readFileSync(join(target, 'experiment.yaml'), 'utf8')));
  assert.deepEqual(
    plan.arms.slice(1).map(({ onnx, embeddings }) => onnx ?? embeddings),
    ['files/model.onnx', 'files/embeddings.npy'],
  );
  const moved = await withContent(plan, { store, baseFolder: target });
  const own = (await optionsOf(planOf([arcFace, model, rows]))).plan;
  assert.deepEqual(
    moved.arms.map(({ sha256 }) => sha256),
    own.arms.map(({ sha256 }) => sha256),
  );
  const anew = await withContent(
    { ...plan, arms: plan.arms.map(({ sha256: _, ...arm }) => arm) },
    { store, baseFolder: target },
  );
  assert.deepEqual(anew.arms, moved.arms);
});

test('an experiment with a model goes on for more epochs, and the model stays as it is', async () => {
  const { plan, rerunCommand } = await optionsOf(planOf([arcFace, model, rows]));
  const extended = planToExtend(store, plan, { extension: { epochs: 3, learningRate: null }, rerunCommand });
  assert.deepEqual(extended.seeds, [1, 2]);
  assert.deepEqual(extended.arms.slice(1), plan.arms.slice(1));
});

test('its content decides the hash of the plan, not its path', async () => {
  const hashOf = async (arm: object) => planHash((await optionsOf(planOf([arcFace, arm]))).plan);
  const copy = join(folder, 'elsewhere.onnx');
  cpSync(join(exported, 'model.onnx'), copy);
  const before = await hashOf({ name: 'model', onnx: copy });
  assert.equal(await hashOf(model), before);
  const bytes = readFileSync(copy);
  writeFileSync(copy, Buffer.concat([bytes, Buffer.from([0x32, 1, 65])])); // a field doc_string
  assert.notEqual(await hashOf({ name: 'model', onnx: copy }), before);
  const { sha256 } = (await optionsOf(planOf([arcFace, model]))).plan.arms[1]!;
  await assert.rejects(run(planOf([{ name: 'model', onnx: copy, sha256 }])), {
    code: 'wrong-input',
    message: /elsewhere\.onnx is not what the plan names: its SHA-256 is/,
  });
});

test('where each seed draws a split, a model has a run on each', async () => {
  const options = await optionsOf(planOf([model], { split: { seed: 'perSeed', query: 0.25, duplicates: 'allow' } }));
  const faces = await gatherSplit(options);
  const planned = comparisonRuns(store, options.plan, faces);
  assert.deepEqual(
    planned.map(({ seed }) => seed),
    [1, 2],
  );
  assert.equal(new Set(planned.map(({ split }) => split.hash)).size, 2);
});

/** An ONNX file with an input and an output of these shapes, and nothing else; null is an axis of any size. */
function onnxOf(input: readonly (number | null)[], output: readonly (number | null)[], type = 1): Buffer {
  const value = (name: string, shape: readonly (number | null)[]) => {
    const sizes = new MessageWriter();
    for (const size of shape)
      sizes.bytes(1, size === null ? new MessageWriter().bytes(2, 'batch') : new MessageWriter().integer(1, size));
    const tensor = new MessageWriter().integer(1, type).bytes(2, sizes);
    return new MessageWriter().bytes(1, name).bytes(2, new MessageWriter().bytes(1, tensor));
  };
  const graph = new MessageWriter().bytes(11, value('input', input)).bytes(12, value('output', output));
  return Buffer.from(new MessageWriter().integer(1, 8).bytes(7, graph).finish());
}

test('each fault of a model is one sentence, before anything is trained', async () => {
  const embedding = [null, 8];
  const files: Readonly<Record<string, Buffer>> = {
    'text.onnx': Buffer.from('this is no model at all'),
    'cut.onnx': readFileSync(join(exported, 'model.onnx')).subarray(0, 5000),
    'large.onnx': onnxOf([null, 3, 112, 112], embedding),
    'grey.onnx': onnxOf([null, 1, 32, 32], embedding),
    'last.onnx': onnxOf([null, 32, 32, 3], embedding),
    'flat.onnx': onnxOf([null, 3072], embedding),
    'half.onnx': onnxOf([null, 3, 32, 32], embedding, 10),
    'map.onnx': onnxOf([null, 3, 32, 32], [null, 8, 4, 4]),
    'empty.onnx': onnxOf([null, 3, 32, 32], embedding),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const faults: Readonly<Record<string, RegExp>> = {
    'gone.onnx': /There is no file .*gone\.onnx: an ONNX model was expected; correct the arm\.$/,
    'text.onnx': /text\.onnx is no ONNX model \(.*\): name a file such as the model\.onnx of an export\.$/,
    'cut.onnx': /cut\.onnx is no ONNX model \(it ends within a field\)/,
    'large.onnx': /large\.onnx takes pictures of 112 x 112 pixels, and prepare\.inputSize is 32: set it to 112/,
    'grey.onnx': /grey\.onnx takes pictures with 1 channels, and 3 \(RGB\) were expected\.$/,
    'last.onnx': /last\.onnx takes \[any, 32, 32, 3\], with the channels last, and float32 pictures as \[batch, 3/,
    'flat.onnx': /flat\.onnx takes an input of shape \[any, 3072\], and float32 pictures as \[batch, 3, height/,
    'half.onnx': /half\.onnx takes elements of ONNX type 10, and float32 pictures/,
    'map.onnx': /map\.onnx gives \[any, 8, 4, 4\], and embeddings as \[batch, numbers\] were expected\.$/,
    'empty.onnx': /empty\.onnx cannot be run by onnxruntime \(.*\): check the file with Python's onnx\.$/,
  };
  for (const [onnx, message] of Object.entries(faults)) {
    const before = store.runs().length;
    await assert.rejects(run(planOf([arcFace, { name: 'theirs', onnx }])), { code: 'wrong-input', message }, onnx);
    assert.ok(
      store
        .runs()
        .slice(before)
        .every(({ arm }) => arm === 'theirs'),
      `${onnx}: nothing was trained`,
    );
  }
});

test('a model that gives no numbers is refused', async () => {
  const bytes = Buffer.from(readFileSync(join(exported, 'model.onnx')));
  const { size } = readNpy(join(exported, 'embeddings.npy'));
  // The last tensor of `size` numbers belongs to the embedding layer: no rectifier behind it turns NaN into 0.
  const at = bytes.lastIndexOf(Buffer.from([0x4a, 4 * size])); // field 9, raw_data, and its length
  assert.ok(at > 0);
  for (let place = 0; place < size; place++) bytes.writeFloatLE(Number.NaN, at + 2 + 4 * place);
  writeFileSync(join(folder, 'nan.onnx'), bytes);
  await assert.rejects(run(planOf([{ name: 'theirs', onnx: 'nan.onnx' }])), {
    code: 'wrong-input',
    message: /nan\.onnx gives embeddings that are not all numbers \(NaN or infinite\)/,
  });
});

test('each fault of embeddings is one sentence, before anything is trained', async () => {
  const { values, size } = readNpy(join(embedded, 'embeddings.npy'));
  const labels = readFileSync(join(embedded, 'labels.tsv'), 'utf8');
  const lines = labels.trimEnd().split('\n');
  const person = lines[1]!.split('\t')[0]!;
  const nan = values.slice();
  nan[5 * size + 2] = Number.NaN;
  const npy = (header: string, body: Buffer) => {
    const padded = `${header}\n`;
    const length = Buffer.alloc(2);
    length.writeUInt16LE(padded.length);
    return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(padded), body]);
  };
  const whole = npyBytes(values, size);
  const cases: readonly (readonly [string, Buffer | null, string | null, RegExp])[] = [
    ['gone', null, null, /e\.npy is not there: a \.npy file of embeddings was expected/],
    ['text', Buffer.from('1,2,3,4,5,6,7,8'), labels, /e\.npy is no \.npy file: rows of float32 or float64/],
    ['cut', whole.subarray(0, whole.length - 4), labels, /bytes of values, where its header says .*: it is cut off\.$/],
    [
      'half',
      npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 4), }", Buffer.alloc(16)),
      labels,
      /holds values of the kind '<f2', and rows of float32 or float64/,
    ],
    [
      'flat',
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (8,), }", Buffer.alloc(32)),
      labels,
      /has the shape \(8\), and \[pictures, numbers\] was expected/,
    ],
    ['unlabelled', whole, null, /There is no .*labels\.tsv, which says what each row of .*e\.npy shows/],
    ['fewer', whole, `${lines.slice(0, -3).join('\n')}\n`, /has 120 rows, and .*labels\.tsv names 117 pictures/],
    ['columns', whole, labels.replace('\tfile', '\tpath'), /has the columns identity, face, path: a first line with/],
    ['twice', whole, labels.replace(lines[2]!, lines[1]!), /names the picture .* twice: one row for each was expected/],
    [
      'other',
      whole,
      labels.replace(`${person}\t`, 'somebody\t'),
      /says that .* shows somebody, and in the data it is .*: correct one of them/,
    ],
    [
      'elsewhere',
      whole,
      labels.replaceAll(/\t[^\t\n]*(?=\n)/g, '\t/x/y/z.png').replace('\t/x/y/z.png', '\tfile'),
      /None of the 120 pictures of .* is in the data/,
    ],
    ['nan', npyBytes(nan, size), labels, /\(row 6, .*\) holds NaN in column 3: numbers were expected/],
    ['exported', null, null, /has no row for \d+ of the \d+ pictures of train, the first .*: embed all pictures/],
  ];
  for (const [name, bytes, tsv, message] of cases) {
    const own = join(folder, 'faults', name);
    mkdirSync(own, { recursive: true });
    if (bytes) writeFileSync(join(own, 'e.npy'), bytes);
    if (tsv !== null) writeFileSync(join(own, 'labels.tsv'), tsv);
    // The embeddings of an export are those of test, query and distractors only.
    const file = name === 'exported' ? join(exported, 'embeddings.npy') : join(own, 'e.npy');
    const before = store.runs().length;
    const arms = [arcFace, { name: 'theirs', embeddings: file }];
    await assert.rejects(run(planOf(arms)), { code: 'wrong-input', message }, name);
    assert.equal(store.runs().length, before, `${name}: nothing was begun`);
  }
});

test('an arm is trained or given, and what is given has no settings', () => {
  const faultOf = (arm: object, more: object = {}) =>
    experimentSchema.safeParse({ arms: [arm], ...more }).error?.issues[0]?.message ?? '';
  assert.match(faultOf({ name: 'a' }), /^the arm a has no loss: give it one, or a model that is there with onnx/);
  assert.match(faultOf({ name: 'a', loss: 'arcFace', onnx: 'm.onnx' }), /^the arm a has both loss and onnx: keep one/);
  assert.match(faultOf({ name: 'a', onnx: 'm.onnx', embeddings: 'e.npy' }), /both onnx and embeddings/);
  assert.match(faultOf({ ...model, settings: { 'training.epochs': 3 } }), /^the arm model is not trained, and has no/);
  assert.match(faultOf({ ...model, sha256: 'abc' }), /^expected a SHA-256/);
  assert.match(faultOf({ ...arcFace, sha256: 'a'.repeat(64) }), /^the arm ArcFace is trained, and sha256 is that of/);
  const tune = { knobs: { 'training.learningRate': [0.1, 0.2] } };
  assert.match(faultOf(model, { tune }), /^no arm is trained, so that nothing can be tuned/);
});

test('tuning and sweeps leave an arm alone that is not trained', () => {
  const tuned = planOf([arcFace, model], { tune: { knobs: { 'training.learningRate': [0.1, 0.2] } } });
  assert.deepEqual(
    tuned.arms.map(({ name }) => name),
    ['ArcFace', 'model'],
  );
  const swept = planOf([arcFace, model], { sweep: { knobs: { 'training.learningRate': [0.1, 0.2] } } });
  assert.deepEqual(
    swept.arms.map(({ variantOf }) => variantOf),
    ['ArcFace', 'ArcFace', undefined],
  );
});
