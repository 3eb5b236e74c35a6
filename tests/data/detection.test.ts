import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { dataSchema, prepareSchema } from '../../src-shared/dataSchema.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { Dataset } from '../../src-main/data/dataset.ts';
import { startFaceFinder, type FaceFinder } from '../../src-main/data/faceFinder.ts';
import { importDataset } from '../../src-main/data/importDataset.ts';
import { prepareDataset } from '../../src-main/data/prepareDataset.ts';
import type { PreparedSet } from '../../src-main/data/preparedSet.ts';
import { journalName } from '../../src-main/data/rememberedFaces.ts';
import { drawnPortrait } from '../drawnPortrait.ts';
import { sharedFaces } from '../sharedFaces.ts';

/** One picture of a person, both counted from 1. */
type Pictures = (person: number, picture: number) => Promise<Buffer>;
const real = sharedFaces('att_faces');
const realPicture: Pictures = async (person, picture) => readFileSync(join(real.path, `s${person}`, `${picture}.png`));
let folder = '';
let finder: FaceFinder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcbench-detection-'));
  finder = startFaceFinder();
});
after(() => {
  finder.close();
  rmSync(folder, { recursive: true, force: true });
});

async function found(path: string): Promise<{ faces: number; landmarks: readonly number[] }> {
  const answer = await finder.find(path);
  if ('reason' in answer) throw new Error(answer.reason);
  return answer;
}
const read = (source: string): Promise<Dataset> =>
  importDataset({ ...dataSchema.parse({ source }), resolvedSource: source }, { workspace: folder });
const detect = (
  dataset: Dataset,
  workspace: string,
  options: { onProgress?: (done: number) => void; onResume?: (sentence: string) => void; signal?: AbortSignal } = {},
): Promise<PreparedSet> =>
  prepareDataset(dataset, prepareSchema.parse({ inputSize: 32, alignment: 'detect' }), { workspace, ...options });
/** Processes that this one has started and that still live. */
const children = () =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
/** A folder of drawn people, named s1, s2 and so on, with this number of pictures each. */
async function people(name: string, pictures: Readonly<Record<string, number>>): Promise<string> {
  for (const [person, count] of Object.entries(pictures)) {
    mkdirSync(join(folder, name, person), { recursive: true });
    for (let picture = 1; picture <= count; picture++)
      writeFileSync(
        join(folder, name, person, `${picture}.png`),
        await drawnPortrait(Number(person.slice(1)), picture),
      );
  }
  return join(folder, name);
}
const eyeDistance = (points: readonly number[]) =>
  Math.hypot((points[2] as number) - (points[0] as number), (points[3] as number) - (points[1] as number));

/** A speckled wall, the same for the same seed. */
function wall(width: number, height: number, seed: number): Sharp {
  const random = randomStream(seed, 'wall');
  return sharp(
    Uint8Array.from({ length: width * height * 3 }, () => 90 + random.integer(60)),
    { raw: { width, height, channels: 3 } },
  );
}
/** Three faces of one photograph before a wall; the second is the largest. */
const montage = [
  { person: 2, left: 80, top: 60, width: 184 },
  { person: 5, left: 420, top: 240, width: 368 },
  { person: 9, left: 900, top: 100, width: 230 },
] as const;
async function photograph(pictureOf: Pictures): Promise<Sharp> {
  const heads = await Promise.all(
    montage.map(async ({ person, left, top, width }) => ({
      left,
      top,
      input: await sharp(await pictureOf(person, 1))
        .resize(width, Math.round((width * 112) / 92), { kernel: 'cubic' })
        .png()
        .toBuffer(),
    })),
  );
  return sharp(await wall(1200, 900, 1).composite(heads).png().toBuffer());
}

/** The five points of closely cropped faces: eyes above nose above mouth, in the picture, the same each time. */
async function pointsOfFaces(pictureOf: Pictures): Promise<void> {
  for (const [person, number] of [
    [1, 1],
    [2, 4],
    [14, 3],
    [22, 1],
    [33, 2],
    [40, 6],
  ] as const) {
    const picture = `person ${person}, picture ${number}`;
    const path = join(folder, 'face.png');
    writeFileSync(path, await pictureOf(person, number));
    const { faces: count, landmarks } = await found(path);
    assert.equal(count, 1, picture);
    const [leftEyeX, leftEyeY, rightEyeX, rightEyeY, , noseY, leftMouthX, leftMouthY, rightMouthX, rightMouthY] =
      landmarks as number[] & { length: 10 };
    assert.ok(leftEyeX! < rightEyeX! && leftMouthX! < rightMouthX!, `${picture}: ${landmarks.join(' ')}`);
    assert.ok(
      Math.max(leftEyeY!, rightEyeY!) < noseY! && noseY! < Math.min(leftMouthY!, rightMouthY!),
      `${picture}: ${landmarks.join(' ')}`,
    );
    assert.ok(
      landmarks.every((value, index) => value > 0 && value < (index % 2 === 0 ? 92 : 112)),
      picture,
    );
    assert.deepEqual(await found(path), { faces: 1, landmarks });
  }
}

/** Of several faces the largest is taken, where it lies, however the camera was held. */
async function largestOfSeveral(pictureOf: Pictures): Promise<void> {
  const path = join(folder, 'group.png');
  const group = await photograph(pictureOf);
  await group.clone().toFile(path);
  const { faces: count, landmarks } = await found(path);
  assert.equal(count, montage.length);
  // The same points as on that face alone, scaled and moved; within a tenth of the distance between the eyes.
  const { left, top, width, person } = montage[1];
  const single = join(folder, 'single.png');
  writeFileSync(single, await pictureOf(person, 1));
  const alone = (await found(single)).landmarks.map(
    (value, index) => (value * width) / 92 + (index % 2 === 0 ? left : top),
  );
  for (const [index, value] of landmarks.entries())
    assert.ok(
      Math.abs(value - alone[index]!) < 0.1 * eyeDistance(alone),
      `${landmarks.join(' ')} against ${alone.join(' ')}`,
    );
  // Stored turned by 90 degrees, with the EXIF tag that turns it back: within a thirtieth of that distance.
  const turned = join(folder, 'turned.png');
  await sharp(await group.rotate(270).png().toBuffer())
    .withMetadata({ orientation: 6 })
    .toFile(turned);
  const again = await found(turned);
  assert.equal(again.faces, montage.length);
  for (const [index, value] of again.landmarks.entries())
    assert.ok(
      Math.abs(value - landmarks[index]!) < eyeDistance(alone) / 30,
      `${again.landmarks.join(' ')} against ${landmarks.join(' ')}`,
    );
}

for (const { kind, pictureOf, skip } of [
  { kind: 'drawn', pictureOf: drawnPortrait, skip: false },
  { kind: 'real', pictureOf: realPicture, skip: real.skip },
] as const) {
  test(
    `five points are placed on closely cropped ${kind} faces: eyes above nose above mouth, the same each time`,
    { skip },
    () => pointsOfFaces(pictureOf),
  );
  test(
    `in a photograph of several ${kind} faces the largest is taken, where it lies, however the camera was held`,
    { skip },
    () => largestOfSeveral(pictureOf),
  );
}

test('what was found is kept with the prepared set; a picture without a face is left out with its reason', async () => {
  const source = await people('plain', { s3: 3, s7: 2 });
  await (await photograph(drawnPortrait)).toFile(join(source, 's7', 'group.png'));
  await wall(300, 200, 2).toFile(join(source, 's3', 'wall.png'));
  writeFileSync(join(source, 's3', 'cut.png'), (await drawnPortrait(3, 4)).subarray(0, 4000));
  const set = await detect(await read(source), join(folder, 'kept'));
  assert.deepEqual(set.detection, { pictures: 7, withFace: 6, withSeveral: 1 });
  assert.match(set.alignment, /five landmarks .*, found by the detector of @vladmandic\/face-api/);
  assert.deepEqual(
    set.images.map(({ path, faces: count, landmarks }) => [path.slice(source.length), count, landmarks?.length]),
    [
      ['/s3/1.png', 1, 10],
      ['/s3/2.png', 1, 10],
      ['/s3/3.png', 1, 10],
      ['/s7/1.png', 1, 10],
      ['/s7/2.png', 1, 10],
      ['/s7/group.png', 3, 10],
    ],
  );
  assert.deepEqual(set.images[0]?.landmarks, (await found(join(source, 's3', '1.png'))).landmarks);
  assert.deepEqual(
    set.rejected.map(({ path, reason }) => [path.slice(source.length), reason.replace(/:.*/, '')]),
    [
      ['/s3/cut.png', 'The picture is truncated or damaged'],
      ['/s3/wall.png', 'No face was found in the picture'],
    ],
  );
});

test('faces found before are not looked for again, for another size too, but a changed picture is', async () => {
  const source = await people('again', { s8: 2, s9: 2 });
  const workspace = join(folder, 'remembered');
  const first = await detect(await read(source), workspace);
  const own = new Set(children());
  appendFileSync(join(workspace, 'prepared', journalName), '{"key":"[\\"torn'); // as a power cut leaves it
  const other = await prepareDataset(await read(source), prepareSchema.parse({ inputSize: 64, alignment: 'detect' }), {
    workspace,
    onProgress: () =>
      assert.ok(
        children().every((id) => own.has(id)),
        'a detector was started',
      ),
  });
  assert.deepEqual(
    other.images.map(({ landmarks }) => landmarks),
    first.images.map(({ landmarks }) => landmarks),
  );
  assert.deepEqual(other.detection, first.detection);
  writeFileSync(join(source, 's8', '1.png'), await drawnPortrait(10, 1));
  const changed = await detect(await read(source), workspace);
  assert.notDeepEqual(changed.images[0]?.landmarks, first.images[0]?.landmarks);
  assert.deepEqual(
    changed.images.slice(1).map(({ landmarks }) => landmarks),
    first.images.slice(1).map(({ landmarks }) => landmarks),
  );
});

test('landmarks that the dataset gives are kept, and no detector is started for them', async () => {
  const source = await people('given', { s1: 2, s2: 2 });
  const given = [30, 45, 62, 45, 46, 62, 33, 82, 60, 82];
  const dataset = await read(source);
  const own = new Set(children());
  const set = await detect(
    { ...dataset, images: dataset.images.map((image) => ({ ...image, landmarks: given })) },
    join(folder, 'with-given'),
    {
      onProgress: () =>
        assert.ok(
          children().every((id) => own.has(id)),
          'a detector was started',
        ),
    },
  );
  assert.deepEqual(
    set.images.map(({ landmarks, faces: count }) => [landmarks, count]),
    Array(4).fill([given, undefined]),
  );
  assert.equal(set.detection, undefined);
});

test('where most pictures show no face, a sentence says so and nothing is kept', async () => {
  const source = await people('walls', { s1: 1, s2: 1 });
  for (const index of [1, 2, 3]) await wall(200, 200, index).toFile(join(source, 's1', `wall${index}.png`));
  await assert.rejects(
    detect(await read(source), join(folder, 'walled')),
    /Only 2 of 5 pictures of .*walls show a face: choose prepare\.alignment: centreCrop/,
  );
  assert.deepEqual(readdirSync(join(folder, 'walled', 'prepared')), [journalName]);
});

test('a detector that dies costs one picture; one that is stopped leaves no process behind, and goes on', async () => {
  const dataset = await read(await people('dying', { s11: 10, s12: 4 }));
  const own = new Set(children());
  let killed = false;
  const set = await detect(dataset, join(folder, 'died'), {
    onProgress(done) {
      if (done !== 4) return;
      for (const child of children().filter((id) => !own.has(id))) killed = process.kill(child, 'SIGKILL');
    },
  });
  assert.ok(killed);
  assert.deepEqual(
    set.rejected.map(({ reason }) => reason),
    ['The face detector stopped on this picture (SIGKILL): leave it out, or give its landmarks.'],
  );
  assert.equal(set.count, dataset.images.length - 1);

  const stopper = new AbortController();
  await assert.rejects(
    detect(dataset, join(folder, 'stopped'), {
      signal: stopper.signal,
      onProgress: (done) => {
        stopper.abort(done);
      },
    }),
    { code: 'cancelled' },
  );
  assert.deepEqual(
    readdirSync(join(folder, 'stopped', 'prepared'))
      .map((name) => name.replace(/^[0-9a-f]{64}/, ''))
      .sort(),
    ['.rows', '.unfinished', journalName],
  );
  for (let tries = 0; tries < 50 && children().some((id) => !own.has(id)); tries++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(
    children().filter((id) => !own.has(id)),
    [],
  );
  let goesOn = '';
  await assert.rejects(
    detect(dataset, join(folder, 'stopped'), {
      signal: stopper.signal,
      onResume: (sentence) => {
        goesOn = sentence;
      },
    }),
    { code: 'cancelled' },
  );
  assert.equal(goesOn, `Goes on at 4 of ${dataset.images.length} images.`);
});
