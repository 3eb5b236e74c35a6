import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReport } from '../../src-main/report/renderReport.ts';
import { constructedModel } from './constructedModel.ts';
import { apart } from './wholeReport.ts';

test('an arm with a long name keeps its metrics apart in the figure of differences, within the card', () => {
  const long = 'CosFace with a name that somebody wrote out in full so that all know what it is';
  const model = constructedModel(
    `seeds: 3\narms: [{name: CE, loss: crossEntropy}, {name: ${long}, loss: cosFace}, {name: ArcFace, loss: ` +
      'arcFace}]\n',
    apart,
  );
  const labels = [...(renderReport(model).get('differences.svg') as string).matchAll(/text-anchor="end">([^<]*)</g)]
    .map(([, label]) => label ?? '')
    .filter((label) => label.startsWith('CosFace'));
  assert.equal(labels.length, 2);
  assert.ok(
    labels.some((label) => label.endsWith('…: test accuracy')) && new Set(labels).size === 2,
    labels.join('; '),
  );
  for (const label of labels) assert.ok(label.length <= 50, label);
});

test("the end of an arm's name, which tells variants of a sweep apart, stands beside its line", () => {
  const model = constructedModel(
    'seeds: 1\narms: [{name: CE, loss: crossEntropy}, {name: "ArcFace (scale 16, marginRadians 0.3)", loss: ' +
      'arcFace}]\n',
    apart,
  );
  assert.match(
    renderReport(model).get('identification.svg') as string,
    />ArcFace \(scale 16,<\/text>\n.*>marginRadians 0\.3\)<\/text>/,
  );
});
