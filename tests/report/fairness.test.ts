import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tuningTrials } from '../../src-shared/tune.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import type { ReportModel, ReportRun } from '../../src-main/report/reportModel.ts';
import type { JudgedParts } from '../../src-main/report/runEvaluation.ts';
import { constructedModel } from './constructedModel.ts';

const duel = 'arms:\n  - { name: CE, loss: crossEntropy }\n  - { name: ArcFace, loss: arcFace }\n';
const outcome = (arm: string, seed: number) => ({
  val: 50,
  test: arm === 'CE' ? 40 : 52 + (seed % 3),
  separation: arm === 'CE' ? 0.3 : 0.5,
});
const written = (model: ReportModel): string => renderReport(model).get('report.md')!;
const sectionOf = (markdown: string, title: string): string =>
  markdown.split(/^## /m).find((section) => section.startsWith(title)) ?? '';
const changed = (change: (run: ReportRun) => Partial<ReportRun>, yaml = `seeds: 5\n${duel}`): ReportModel => {
  const model = constructedModel(yaml, outcome);
  return { ...model, runs: model.runs.map((run) => ({ ...run, ...change(run) })) };
};
const clippedIn = (shares: Readonly<Record<string, number>>) =>
  changed(({ arm, curves }) => ({
    curves: { ...curves, clipped: [1, 2].map((epoch) => ({ epoch, value: shares[arm] ?? 0 })) },
  }));

test('the verdict warns where one arm is clipped and another is not, and the health table has the shares', () => {
  const markdown = written(clippedIn({ CE: 0.02, ArcFace: 0.98 }));
  assert.match(
    sectionOf(markdown, 'Verdict'),
    /\*\*Clipping differs between the arms\.\*\* Share of clipped steps: ArcFace \(98 %\), but CE \(2 %\)\./,
  );
  assert.match(sectionOf(markdown, 'Training health'), /clipped steps, all epochs \|[^]*\| ArcFace \|.* 98\.0 % \|/);
  assert.doesNotMatch(written(clippedIn({ CE: 0.9, ArcFace: 0.98 })), /Clipping differs/);
  assert.doesNotMatch(written(changed(() => ({}))), /Clipping differs|clipped steps/);
});

test('nearest centre and MAP@R stand in the verdict beside the own heads of the arms', () => {
  const parts = (value: number): JudgedParts => ({
    marginFree: {
      images: 60,
      nearestCentre: { correct: 60 * value, total: 60, value },
      centreImages: 300,
      silhouette: null,
      retrieval: { queries: 60, meanAveragePrecisionAtR: value / 2 },
    },
  });
  const model = constructedModel(`seeds: 5\n${duel}`, (arm, seed) => ({
    ...outcome(arm, seed),
    parts: parts(arm === 'CE' ? 0.8 + 0.001 * seed : 0.7),
  }));
  const verdict = sectionOf(written(model), 'Verdict');
  assert.match(verdict, /ArcFace is better than CE[^\n]* in test accuracy/, 'by its own head ArcFace is better');
  const headFree = verdict.slice(verdict.indexOf('Nearest centre and MAP@R read the embedding itself'));
  assert.match(headFree, /ArcFace is worse than CE[^\n]* in accuracy by nearest centre, by 10\.3 percentage points/);
  assert.match(headFree, /ArcFace is worse than CE[^\n]* in MAP@R/);
  // p in these lines has another correction than the primary metrics have: the text says over how many it runs.
  const others = renderReport(model)
    .get('comparison.csv')!
    .split('\n')
    .filter((line) => line.split(',')[4] === 'false');
  const said = /p is corrected over all (\d+) comparisons by metrics that are not primary/.exec(headFree)?.[1];
  assert.ok(others.length > 2);
  assert.equal(Number(said), others.length);
});

test('a tuned report names the rates of the arms, values at the edge, and what clipping leaves open', () => {
  const yaml = `seeds: 5
training: { learningRate: 0.02 }
tune: { knobs: { training.learningRate: [0.01, 0.02, 0.06] } }
${duel}`;
  const clipped = changed(
    ({ arm, curves }) => ({ curves: { ...curves, clipped: [{ epoch: 1, value: arm === 'CE' ? 0 : 1 }] } }),
    yaml,
  );
  const tunedTo = (rates: Readonly<Record<string, number>>): string => {
    const trials = tuningTrials(clipped.plan);
    const tuning = clipped.plan.arms.map(({ name }) => {
      const own = trials.filter(({ variantOf }) => variantOf === name);
      return {
        origin: name,
        trials: own.map((arm) => ({ arm, seeds: [9], divergedSeeds: [], open: 0, score: 0.5, loss: 1 })),
        chosen: own.find(({ settings }) => settings?.['training.learningRate'] === rates[name]) ?? null,
      };
    });
    return written({ ...clipped, tuning });
  };
  // Both arms at one rate: no row of what differs names it, and the plan's shared rate is none of theirs.
  const same = tunedTo({ CE: 0.06, ArcFace: 0.06 });
  assert.match(sectionOf(same, 'Models'), /SGD, a learning rate of 0\.06 and a polynomial schedule/);
  assert.match(same, /- Each at its best of 3 learning rates \(for CE and ArcFace, at the edge of those tried\): /);
  const apart = tunedTo({ CE: 0.06, ArcFace: 0.02 });
  assert.match(sectionOf(apart, 'Models'), /a learning rate of 0\.06 \/ 0\.02 and/);
  assert.match(apart, /best of 3 learning rates \(for CE, at the edge of those tried\): /);
  assert.match(tunedTo({ CE: 0.02, ArcFace: 0.02 }), /- Each at its best of 3 learning rates: /);
  const verdict = sectionOf(same, 'Verdict');
  assert.match(verdict, /Clipping differs between the arms.*rate was tuned with its clipping/);
  assert.doesNotMatch(verdict, /Tune the rate of each arm/);
});

test('a rate that fewer than 30 negatives carry is never the primary one', () => {
  // 400 negatives: at FPR 0.01 only 4 are let through, at 0.1 there are 40.
  const csv = renderReport(changed(() => ({}))).get('comparison.csv')!;
  const primary = csv.split('\n').filter((line) => line.includes(',true,'));
  assert.deepEqual(
    primary.map((line) => line.split(',')[3]),
    ['test.top1', 'identification.fpr0.1'],
  );
});

test('people put into parts by hand and allowed findings with their reasons stand in the data section', () => {
  const hand = [
    'split:',
    '  assign: { Ann: query, Bob: left out, Cid: query }',
    "  allowFindings: ['near:a|b: two frames of one film, both in train', same-file]",
  ].join('\n');
  const data = sectionOf(written(constructedModel(`${hand}\n${duel}`, outcome)), 'Data');
  assert.match(data, /3 people were put into a part by hand: query: Ann and Cid; left out: Bob\./);
  assert.match(data, /two frames of one film, both in train/);
  assert.match(data, /- `same-file`: no reason was given/);
  assert.doesNotMatch(written(constructedModel(duel, outcome)), /by hand/);
});

test('of two variants with the same val accuracy, val loss chooses', () => {
  const model = changed(
    ({ arm, curves }) => ({
      curves: { ...curves, 'val/loss': [{ epoch: 8, value: arm.includes('32') ? 0.4 : 0.9 }] },
    }),
    'arms: [{ name: ArcFace, loss: arcFace }]\nsweep: { knobs: { arms.ArcFace.loss.scale: [16, 32, 64] } }\n',
  );
  assert.match(sectionOf(written(model), 'Sweep'), /val chose \*\*ArcFace \(scale 32\)\*\*/);
});

test('an interval says what it comes from: people, or pairs in runs of an older version', () => {
  const one = constructedModel(duel, outcome);
  assert.match(written(one), /In brackets: Wilson's 95 % interval\. It treats pairs as independent/);
  const model = {
    ...one,
    runs: one.runs.map((run) => ({
      ...run,
      summary: {
        ...run.summary!,
        evaluation: {
          ...run.summary!.evaluation!,
          identification: { ...run.summary!.evaluation!.identification!, people: 12 },
        },
      },
    })),
  };
  assert.match(written(model), /In brackets: a 95 % interval from a bootstrap over people\./);
});
