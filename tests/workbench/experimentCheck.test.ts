import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CheckedExperiment, Preset } from '../../src-shared/answers/experimentAnswers.ts';
import { openWorkbench } from '../../src-main/workbench/openWorkbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'arcbench-check-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a check gives advice by knob and estimates a start from the faces, before anything is imported', async () => {
  const workbench = openWorkbench({ workspace: folder, door: 'serve', roots: [folder] });
  try {
    const check = async (yaml: string) => (await workbench.call('experiments.check', { yaml })) as CheckedExperiment;
    const demo = (rest: string) =>
      'data: { demo: { people: 100, imagesPerPerson: 20 } }\nmodel: { embeddingSize: 64 }\nprepare: { ' +
      `inputSize: 32 }\n${rest}`;
    const { advice, estimate, parameters } = await check(
      demo(
        'training: { epochs: 5, learningRate: 9 }\narms: [{ name: a, loss: crossEntropy }, { name: low s, ' +
          'loss: { name: cosFace, scale: 2 } }]\n',
      ),
    );
    assert.deepEqual(advice.find(({ knob }) => knob === 'loss.scale')?.arms, ['low s']);
    assert.deepEqual(advice.find(({ knob }) => knob === 'training.learningRate')?.arms, ['a', 'low s']);
    assert.ok(advice.some(({ knob }) => knob === 'seeds'));
    // 10 people are query and 10 distractors; of 20 images each, 3 are val and 3 test.
    assert.deepEqual(estimate?.faces, { from: 'demo', people: 80, trainImages: 80 * 14 });
    assert.deepEqual([estimate?.runs, estimate?.runsDone, estimate?.imagesLeft], [2, 0, 2 * 5 * 80 * 14]);
    assert.equal(
      estimate?.rate?.from.kind ?? 'machine',
      'machine',
      'nothing has trained here: a rate comes from the machine',
    );
    assert.ok(parameters !== null && (estimate?.memoryBytes ?? 0) > 12 * parameters);
    const wider = await check(demo('training: { epochs: 5, batchSize: 128 }\n'));
    assert.ok(
      (wider.estimate?.memoryBytes ?? 0) >
        1.8 * ((await check(demo('training: { epochs: 5, batchSize: 64 }\n'))).estimate?.memoryBytes ?? 0) -
          12 * (parameters ?? 0),
    );

    const ofPeople = async (rate: number) =>
      (
        await check(
          'data: { demo: { people: 15000, imagesPerPerson: 6 } }\nmodel: { embeddingSize: 2048 }\nprepare: { ' +
            `inputSize: 32 }\ntraining: { classSampleRate: ${rate} }\narms: [{ name: a, loss: arcFace }]\n`,
        )
      ).estimate?.memoryBytes ?? 0;
    assert.ok(
      (await ofPeople(0.1)) < 0.8 * (await ofPeople(1)),
      `${await ofPeople(0.1)} and ${await ofPeople(1)}: drawn class centres have fewer gradients and logits`,
    );
    const drawn = await check(demo('training: { classSampleRate: 0.5 }\narms: [{ name: a, loss: adaCos }]\n'));
    assert.match(
      drawn.advice.find(({ knob, blocking }) => knob === 'training.classSampleRate' && blocking)?.text ?? '',
      /^The arm a cannot be trained: the adaCos loss computes its scale/,
    );

    const pairs = await check(demo('arms: [{ name: t, loss: triplet }]\n'));
    assert.match(
      pairs.advice.find(({ knob }) => knob === 'training.sampler')?.text ?? '',
      /^The arm t cannot be trained/,
    );
    assert.deepEqual(
      [pairs, await check(demo(''))].map((checked) => checked.advice.some(({ blocking }) => blocking)),
      [true, false],
    );
    const few = await check('data: { demo: { people: 100, imagesPerPerson: 3 } }\n');
    assert.match(few.advice.find(({ knob }) => knob === 'split.minImages')?.text ?? '', /^Only 0 of 100 identities/);
    assert.equal(few.estimate?.faces, null);
    const course = ((await workbench.call('experiments.presets', {})) as readonly Preset[]).find(
      ({ name }) => name === 'course',
    );
    assert.deepEqual(
      (await check(course?.yaml ?? '')).advice.filter(({ blocking }) => blocking).map(({ knob }) => knob),
      ['data.source'],
      'a start on the folder that a preset names would fail',
    );
    // Faces that nobody has imported are not known: only the plan itself is judged.
    const unknown = await check(
      `data: { source: ${folder} }\narms: [{ name: low s, loss: { name: cosFace, scale: 2 } }, { name: b, ` +
        'loss: crossEntropy }]\n',
    );
    assert.deepEqual([unknown.estimate?.faces, unknown.advice.map(({ knob }) => knob)], [null, ['seeds']]);
  } finally {
    await workbench.close();
  }
});
