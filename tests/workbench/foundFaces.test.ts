import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { adviceSentence, photographAdvice } from '../../src-shared/advice.ts';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { prepareSchema } from '../../src-shared/dataSchema.ts';
import { mayHoldFaces, photographsAmong } from '../../src-shared/photographs.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { openPreparedSet } from '../../src-main/data/preparedSet.ts';
import { workspaceFolders } from '../../src-main/files/workspaceFolders.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';
import { drawnPortrait } from '../drawnPortrait.ts';
import { arcbench } from '../faults/faultExperiment.ts';
import { jobEnd } from '../jobEnd.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-found-'));
const source = join(folder, 'photographs');
const workspace = join(folder, 'workspace');
after(() => rmSync(folder, { recursive: true, force: true }));

/** A photograph of 480 x 400 pixels with the given people side by side before a plain wall, at the left. */
async function photograph(people: readonly number[], picture: number): Promise<Buffer> {
  const heads = await Promise.all(
    people.map(async (person, at) => ({
      left: 10 + 240 * at,
      top: 40 + 10 * picture,
      input: await sharp(await drawnPortrait(person, picture))
        .resize(at === 0 ? 220 : 160)
        .png()
        .toBuffer(),
    })),
  );
  const wall = sharp({ create: { width: 480, height: 400, channels: 3, background: '#7a7f86' } });
  return await wall.composite(heads).png().toBuffer();
}

before(async () => {
  for (const [person, name] of [
    [1, 'Ann'],
    [2, 'Bo'],
  ] as const) {
    mkdirSync(join(source, name), { recursive: true });
    for (const picture of [1, 2, 3])
      writeFileSync(join(source, name, `${picture}.png`), await photograph([person], picture));
  }
  writeFileSync(join(source, 'Ann', '4.png'), await photograph([1, 5], 1));
  writeFileSync(join(source, 'Bo', '4.png'), await photograph([], 1));
});

test('faces are found in photographs, seen, corrected, and used by what is prepared then', async () => {
  const workbench = openWorkbench({ workspace, door: 'serve', roots: [folder] });
  const call = <N extends CallName>(name: N, input: CallInput<N>) =>
    workbench.call(name, input) as Promise<CallOutputs[N]>;
  const ended = async (job: CallOutputs['datasets.import']) => jobEnd(job, () => call('jobs.list', {}));
  try {
    const imported = await ended(await call('datasets.import', { data: { source } }));
    const hash = imported.result ?? '';
    const log = await call('jobs.log', { id: imported.id, before: null, limit: 100 });
    assert.match(JSON.stringify(log), /Advice: 8 of the pictures have no landmarks and look like a whole photograph/);
    assert.deepEqual((await call('datasets.show', { hash })).detection, {
      offered: true,
      pictures: 8,
      searched: 0,
      withFace: 0,
      withSeveral: 0,
    });
    const [before] = await call('datasets.list', {});
    assert.equal(before?.facesFound, false);

    const search = await ended(await call('datasets.findFaces', { hash }));
    assert.equal(search.state, 'done', search.fault?.message);
    const details = await call('datasets.show', { hash });
    assert.deepEqual(details.detection, { offered: true, pictures: 8, searched: 8, withFace: 7, withSeveral: 1 });
    assert.equal(details.facesFound, true);
    const page = { hash, identity: null, offset: 0, limit: 20 };
    const { pictures } = await call('datasets.pictures', page);
    assert.deepEqual(
      pictures.map(({ name, faces }) => [name, faces]),
      [1, 2, 3]
        .flatMap((at) => [[`Ann/${at}.png`, 1]])
        .concat(
          [['Ann/4.png', 2]],
          [1, 2, 3].map((at) => [`Bo/${at}.png`, 1]),
          [['Bo/4.png', 0]],
        ),
    );
    // The largest face stands at the left, its eyes above its mouth.
    for (const { landmarks } of pictures.slice(0, 7)) {
      const [eyeX = 0, eyeY = 0] = landmarks ?? [];
      assert.ok(eyeX > 10 && eyeX < 240 && eyeY < (landmarks?.[7] ?? 0), JSON.stringify(landmarks));
    }
    assert.equal(pictures[7]?.landmarks, null);
    assert.deepEqual(
      (await call('datasets.pictures', { ...page, faces: 'none' })).pictures.map(({ name }) => name),
      ['Bo/4.png'],
    );
    assert.deepEqual(
      (await call('datasets.pictures', { ...page, faces: 'several' })).pictures.map(({ name }) => name),
      ['Ann/4.png'],
    );

    const checked = async (alignment: string) =>
      (
        await call('experiments.check', { yaml: `data: { source: ${source} }\nprepare: { alignment: ${alignment} }\n` })
      ).advice
        .filter(({ knob }) => knob === 'prepare.alignment')
        .map(({ blocking }) => blocking);
    assert.deepEqual([await checked('auto'), await checked('detect')], [[false], []]);

    const points = [60, 120, 120, 120, 90, 160, 65, 200, 115, 200];
    const corrected = await call('datasets.correct', { hash, index: 0, landmarks: points });
    assert.deepEqual([corrected.corrected, corrected.landmarks], [true, points]);
    const prepare = prepareSchema.parse({ inputSize: 32, alignment: 'detect' });
    const prepared = await ended(await call('split.prepare', { data: details.data, prepare }));
    assert.equal(prepared.state, 'done', prepared.fault?.message);
    const set = openPreparedSet(workspaceFolders(workspace).preparedSet(prepared.result ?? ''));
    assert.deepEqual(
      set.images.map(({ landmarks }) => landmarks),
      [points, ...pictures.slice(1, 7).map(({ landmarks }) => landmarks)],
    );
    // The corrected dataset has taken the place of the imported one.
    const [now] = await call('datasets.list', {});
    assert.deepEqual([now?.hash === hash, now?.facesFound], [false, true]);
    const undone = await call('datasets.correct', { hash: now?.hash ?? '', index: 0, landmarks: null });
    assert.deepEqual([undone.corrected, undone.faces, undone.landmarks], [false, 1, pictures[0]?.landmarks]);
  } finally {
    await workbench.close();
  }
});

test('the command line advises against a centre crop of photographs before anything is prepared', async () => {
  const { stderr } = await arcbench(['import', source, '--workspace', join(folder, 'cli')]).ended;
  assert.match(stderr, /Advice: 8 of the pictures .*the median is 480 x 400 pixels.*Set prepare\.alignment to detect/);
});

test('only large pictures without landmarks are photographs, and only where they would be cropped', () => {
  const sized = (width: number, height: number, landmarks?: readonly number[]) => ({
    width,
    height,
    ...(landmarks && { landmarks }),
  });
  const photographs = photographsAmong([sized(1024, 768), sized(640, 480), sized(112, 112)]);
  assert.deepEqual(photographs, { count: 2, pictures: 3, width: 1024, height: 768 });
  assert.equal(photographsAmong([sized(1024, 768), sized(112, 112), sized(112, 112)]), null);
  assert.equal(photographsAmong([sized(1024, 768, [1]), sized(1024, 768, [1])]), null);
  assert.equal(photographsAmong([]), null);
  assert.equal(mayHoldFaces([sized(250, 250)]), true);
  assert.equal(mayHoldFaces([sized(112, 112)]), false);
  assert.equal(mayHoldFaces([sized(1024, 768, [1])]), false);
  for (const alignment of ['auto', 'centreCrop', 'detect', 'whole', 'landmarks'] as const) {
    const advice = photographAdvice(experimentSchema.parse({ prepare: { alignment } }), photographs);
    assert.equal(advice.length, alignment === 'auto' || alignment === 'centreCrop' ? 1 : 0, alignment);
    for (const language of ['en', 'ru'] as const)
      for (const own of advice) assert.match(adviceSentence(own, reportTexts(language)), /1\D?024 x 768.*alignment/);
  }
});
