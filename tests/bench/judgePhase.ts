// Many embeddings are written, or judged as an arm with embeddings is, in a process whose peak of memory is known:
//   judgePhase.ts write|judge FOLDER QUERY DISTRACTORS NUMBERS
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { randomStream, type RandomStream } from '../../src-shared/maths/random.ts';
import { pointStream } from '../../src-main/train/pointStream.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { contentHash } from '../../src-main/evaluate/given/contentHash.ts';
import { npyHeader } from '../../src-main/files/npyFile.ts';
import { judgeGivenModel } from '../../src-main/trainer/judgeGivenModel.ts';
import type { RunImages } from '../../src-main/trainer/taskSurroundings.ts';
import type { TrainerTask } from '../../src-main/trainer/trainerMessages.ts';

const [phase = '', folder = '', ...counts] = process.argv.slice(2);
const [queries = 0, strangers = 0, size = 0] = counts.map(Number);
const picturesOfPerson = 50; // of query; each distractor is another person
const spread = 1.2; // of the pictures of a person, in units of that of all people
const rowsAtATime = 4096;
const path = join(folder, 'embeddings.npy');
const runFolder = join(folder, 'run');

const personOf = (picture: number): string =>
  picture < queries ? `q${Math.floor(picture / picturesOfPerson)}` : `d${picture - queries}`;
const fileOf = (picture: number): string => `${personOf(picture)}/${picture}.jpg`;

/** A rough normal number: the sum of four uniform ones. Its exact shape does not matter here. */
const rough = (random: RandomStream): number =>
  Math.sqrt(3) * (random.next() + random.next() + random.next() + random.next() - 2);

function unitRow(row: Float32Array, picture: number, random: RandomStream): void {
  const centre = randomStream(1, personOf(picture));
  let square = 0;
  for (let at = 0; at < row.length; at++) {
    row[at] = rough(centre) + (picture < queries ? spread * rough(random) : 0);
    square += row[at]! ** 2;
  }
  for (let at = 0; at < row.length; at++) row[at] = row[at]! / Math.sqrt(square);
}

function* unitRows(random: RandomStream): Generator<Float32Array> {
  const all = queries + strangers;
  for (let first = 0; first < all; first += rowsAtATime) {
    const rows = new Float32Array(Math.min(rowsAtATime, all - first) * size);
    for (let row = 0; row * size < rows.length; row++)
      unitRow(rows.subarray(row * size, (row + 1) * size), first + row, random);
    yield rows;
  }
}

/** Writes the embeddings piece by piece, and the list of their pictures. */
function write(): void {
  mkdirSync(runFolder, { recursive: true });
  const file = openSync(path, 'w');
  const all = queries + strangers;
  writeSync(file, npyHeader(all, size));
  for (const rows of unitRows(randomStream(1, 'pictures'))) writeSync(file, new Uint8Array(rows.buffer));
  closeSync(file);
  const lines = Array.from({ length: all }, (_, picture) => `${personOf(picture)}\t${fileOf(picture)}\n`);
  writeFileSync(join(folder, 'labels.tsv'), `identity\tfile\n${lines.join('')}`);
}

function givenSet(): PreparedSet {
  const images = Array.from({ length: queries + strangers }, (_, picture) => ({
    path: fileOf(picture),
    identity: personOf(picture),
    contentHash: '',
    perceptualHash: '',
  }));
  return { folder, inputSize: 112, count: images.length, hash: '', images, rejected: [], alignment: 'none' };
}

function givenImages(): RunImages {
  const none = { indexes: [], labels: new Int32Array(0) };
  const people = Math.ceil(queries / picturesOfPerson);
  const part = (first: number, count: number, personAt: (row: number) => number) => ({
    indexes: Array.from({ length: count }, (_, row) => first + row),
    labels: Int32Array.from({ length: count }, (_, row) => personAt(row)),
  });
  return {
    train: none,
    val: none,
    valPeople: none,
    test: none,
    query: part(0, queries, (row) => Math.floor(row / picturesOfPerson)),
    distractors: part(queries, strangers, (row) => people + row),
  };
}

const taskOf = ({ query, distractors }: RunImages): TrainerTask => ({
  plan: experimentSchema.parse({ data: { demo: {} }, arms: [{ name: 'given', embeddings: path }] }),
  planHash: '',
  arm: 'given',
  seed: 1,
  preparedFolder: folder,
  classes: [],
  parts: { train: [], val: [], test: [], query: query.indexes, distractors: distractors.indexes },
  runFolder,
  given: null,
  resume: false,
  untilEpoch: null,
  compiled: true,
  pairsFile: null,
  setFiles: [],
  weightFile: null,
  parent: null,
  optimizerGoesOn: false,
  evaluate: true,
  engine: 'auto',
});

async function judge(): Promise<number> {
  const images = givenImages();
  const sha256 = (await contentHash('embeddings', path)) ?? '';
  const last = await judgeGivenModel(
    {
      task: taskOf(images),
      given: { kind: 'embeddings', path, sha256 },
      set: givenSet(),
      packed: { readInto: () => undefined, close: () => undefined },
      images,
    },
    {
      send: () => undefined,
      points: pointStream(() => undefined),
      shouldStop: () => false,
      shouldStopAfterEpoch: () => false,
    },
  );
  if (last.kind !== 'done') throw new Error(`The embeddings were not judged: ${JSON.stringify(last)}`);
  return last.summary.evaluation?.identification?.negatives ?? 0;
}

const started = performance.now();
const before = process.cpuUsage();
const pairs = phase === 'write' ? (write(), 0) : await judge();
const { user, system } = process.cpuUsage(before); // microseconds
console.log(
  JSON.stringify({
    pairs,
    seconds: (performance.now() - started) / 1000,
    processorSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
