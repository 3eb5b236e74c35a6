import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport } from '../../src-main/report/renderReport.ts';
import { joinedPattern } from '../joinedPattern.ts';
import { constructedModel } from './constructedModel.ts';
import { checkWhole, duel, sectionOf } from './wholeReport.ts';

test('a sweep: val chooses, a heat map and parallel coordinates are drawn, a diverged run is counted', async () => {
  const yaml =
    `${duel}seeds: [1, 2]\nsweep: {knobs: {arms.ArcFace.loss.scale: [16, 32, 64], ` +
    'arms.ArcFace.loss.marginRadians: [0.1, 0.3]}}\n';
  const model = constructedModel(yaml, (arm, seed) => ({
    val: arm.includes('scale 32, marginRadians 0.3') ? 58 : 40,
    test: arm === 'CE' ? 44 + seed : 45 + 2 * seed,
    separation: 0.3,
    changes: arm.includes('scale 64, marginRadians 0.3')
      ? { status: 'failed', summary: null, message: 'Training diverged.' }
      : {},
  }));
  const markdown = await checkWhole(model);
  assert.match(
    sectionOf(markdown, 'Sweep'),
    joinedPattern(
      /^Sweep\n\n5 variants by grid search over 2 knobs\. .* 2 runs diverged and are /,
      /left out: ArcFace \(scale 64, marginRadians 0\.3\), seed 1 and ArcFace \(scale /,
      /64, marginRadians 0\.3\), seed 2\. Ties [^\n]*\n\nFor ArcFace, val chose \*\*ArcFace /,
      /\(scale 32, marginRadians 0\.3\)\*\* \(val accuracy 96\.7 %, mean of 2 runs\)/,
    ),
  );
  for (const file of ['heatmap.svg', 'parallel.svg']) assert.ok(markdown.includes(`](${file})`), file);
  // The verdict is of the chosen variant alone.
  assert.equal((sectionOf(markdown, 'Verdict').match(/^- /gm) ?? []).length, 2);
  assert.doesNotMatch(sectionOf(markdown, 'Verdict'), /scale 16/);
});

test('a halved sweep: its rounds, what was stopped in which, and a verdict on the fully trained arm', async () => {
  const yaml =
    `${duel}seeds: [1, 2]\ntraining: {epochs: 8}\nsweep: {knobs: {arms.ArcFace.loss.scale: [16, 32], ` +
    'arms.ArcFace.loss.marginRadians: [0.1, 0.3]}, halving: {factor: 2, firstEpochs: 2}}\n';
  const kept = 'ArcFace (scale 32, marginRadians 0.3)';
  const model = constructedModel(yaml, (arm, seed) => ({
    val: arm === kept ? 58 : 40,
    test: 44 + seed,
    separation: 0.3,
    changes:
      arm === 'CE' || arm === kept
        ? { resultHash: `${seed}`.repeat(64) }
        : {
            status: 'cancelled',
            summary: null,
            halving: { round: 1, rounds: 3, epochs: 2, place: 3, candidates: 4, accuracy: 0.25 },
          },
  }));
  const markdown = await checkWhole(model);
  assert.match(
    sectionOf(markdown, 'Sweep'),
    /Successive halving: 4 variants train to epoch 2, the best 2 to epoch 4 and the best of them to epoch 8\. /,
  );
  assert.match(
    sectionOf(markdown, 'Sweep'),
    joinedPattern(
      /\| \*\*ArcFace \(scale 32, marginRadians 0\.3\)\*\* \| 96\.7 % \| 75\.8 % \| 2 /,
      /\| to the end \|\n\| ArcFace \(scale 16, marginRadians 0\.1\) \| 25\.0 % \| — /,
      /\| 2 \| 2 epochs, stopped in round 1 \|/,
    ),
  );
  assert.match(
    sectionOf(markdown, 'Training'),
    /\| ArcFace \(scale 16, marginRadians 0\.1\) \| 2 \| stopped in round 1 \| — \| — \| — \| — \|/,
  );
  assert.match(
    sectionOf(markdown, 'Models'),
    /\| CE — ArcFace \(scale 32, marginRadians 0\.3\) \| 2 of 2 \| 2 of 2 \| 2 of 2 \| 2 of 2 \|/,
  );
  assert.match(
    sectionOf(markdown, 'Machine and rerun'),
    /Result `[0-9a-f]{64}`: SHA-256 over the final weights, curves and evaluated metrics of 4 runs\./,
  );
  assert.match(
    sectionOf(
      renderReport({ ...model, plan: { ...model.plan, report: { language: 'ru' } } }).get('report.md') as string,
      'Перебор',
    ),
    /4 варианта до эпохи 2, 2 лучших до эпохи 4 и 1 лучший до эпохи 8\. [^]*\| 2 эпохи, остановлен в раунде 1 \|/,
  );
});
