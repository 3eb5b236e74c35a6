import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilsonInterval } from '../../src-shared/maths/statistics.ts';
import type { SetVerification } from '../../src-shared/evaluation.ts';
import { renderReport } from '../../src-main/report/renderReport.ts';
import { constructedModel } from './constructedModel.ts';

const lfw = (correct: number): SetVerification => ({
  name: 'lfw',
  genuine: 3000,
  impostors: 3000,
  accuracy: { correct, total: 6000, value: correct / 6000, ...wilsonInterval(correct, 6000) },
  mean: correct / 6000,
  standardDeviation: 0.002,
  folds: [],
  acceptance: { mean: 0.97, standardDeviation: 0.01, falseAcceptance: 0.001 },
  norm: 21.5,
});
const reportOf = (yaml: string, withSets: boolean): string => {
  const model = constructedModel(yaml, (arm, seed) => ({
    val: 40,
    test: 40,
    separation: 0.5,
    parts: withSets ? { sets: [lfw((arm === 'ArcFace' ? 5900 : 5800) + 10 * seed)] } : {},
  }));
  return String(renderReport(model).get('report.md'));
};

test('the report prints verification sets as insightface does, with an interval over pairs', () => {
  const markdown = reportOf('seeds: [1]', true);
  const { low, high } = wilsonInterval(5910, 6000);
  assert.match(markdown, /### Verification sets/);
  assert.ok(
    markdown.includes(
      `| lfw | 6,000 | ArcFace | 0.98500±0.00200 | ${low.toFixed(5)}–${high.toFixed(5)} | ` +
        '0.97000±0.01000 | 21.50 | 1 |',
    ),
    markdown.slice(markdown.indexOf('### Verification sets'), markdown.indexOf('### Verification sets') + 1500),
  );
});

test('several seeds give the mean and its range, in Russian too', () => {
  const markdown = reportOf('seeds: [1, 2, 3]\nreport: { language: ru }', true);
  assert.match(markdown, /точность на lfw/, 'the arms are compared by it');
  assert.match(markdown, /### Наборы для верификации/);
  assert.match(markdown, /\| lfw \| 6\u00a0000 \| ArcFace \| 0,98667 \(0,98500–0,98833\) \| — \|/);
});

test('without sets the report does not speak of them', () => {
  assert.doesNotMatch(reportOf('seeds: [1]', false), /Verification sets/);
});
