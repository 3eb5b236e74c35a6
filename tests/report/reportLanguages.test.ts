import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runWarningSchema } from '../../src-shared/runWarning.ts';
import { DivergedError } from '../../src-main/train/divergedError.ts';
import { constructedModel } from './constructedModel.ts';
import { apart, assertIncludes, checkWhole, duel } from './wholeReport.ts';

test('Russian: the same report with its own words, forms and decimal sign', async () => {
  const markdown = await checkWhole(constructedModel(`seeds: [1, 2, 3, 4, 5]\nreport: {language: ru}\n${duel}`, apart));
  assertIncludes(
    markdown,
    '**ArcFace лучше, чем CE,** по метрике «точность на test»: на 24,3 процентного пункта (от ' +
      '23,2 до 25,5; 5 пар запусков',
  );
  assert.doesNotMatch(markdown.replace(/```[^]*?```|`[^`]*`|\]\([^)]*\)/g, ''), /\b(?:is|the|and|of|runs)\b/);
});

test('both languages have the same keys and values, and the forms that their plurals ask for', () => {
  const [en, ru] = ['en', 'ru'].map(
    (language) =>
      JSON.parse(readFileSync(new URL(`../../resources/report/${language}.json`, import.meta.url), 'utf8')) as Record<
        string,
        string
      >,
  ) as [Record<string, string>, Record<string, string>];
  assert.deepEqual(Object.keys(ru), Object.keys(en));
  const named = (template: string) => [...new Set([...template.matchAll(/\{(\w+)/g)].map(([, name]) => name))].sort();
  for (const [key, template] of Object.entries(en)) assert.deepEqual(named(ru[key] as string), named(template), key);
  for (const [texts, forms] of [
    [en, 2],
    [ru, 3],
  ] as const)
    for (const [key, template] of Object.entries(texts))
      for (const [, options] of template.matchAll(/\{\w+\|([^{}]*)\}/g))
        assert.equal((options as string).split('|').length, forms, key);
});

test('a run that diverged says so in the language of the report', async () => {
  const diverged = (loss: number, limit: number) =>
    new DivergedError({
      arm: 'ArcFace',
      seed: 7,
      tried: 'training.learningRate 0.1',
      epoch: 3,
      loss,
      norm: 1234.5,
      limit,
    });
  assert.equal(
    diverged(Number.NaN, Infinity).message,
    'Training of ArcFace with seed 7 diverged in epoch 3 (training.learningRate 0.1): the loss is NaN and the ' +
      'gradient norm 1,230, but finite numbers were expected. Lower training.learningRate or add ' +
      'training.schedule.warmupEpochs. The last good checkpoint is kept.',
  );
  const stored = runWarningSchema.parse(JSON.parse(JSON.stringify(diverged(40, 11.06).told)));
  const model = (language: string) =>
    constructedModel(`report: {language: ${language}}\n${duel}`, (arm, seed) => ({
      ...apart(arm, seed),
      changes: arm === 'ArcFace' ? { status: 'failed', summary: null, message: stored } : {},
    }));
  assertIncludes(
    await checkWhole(model('en')),
    'ArcFace, seed 1, ended without a result: Training of ArcFace with seed 7 diverged in epoch 3 ' +
      '(training.learningRate 0.1): the loss is 40 and the gradient norm 1,230, but a loss of at ' +
      'most 11.1 was expected.',
  );
  const russian = await checkWhole(model('ru'));
  assertIncludes(
    russian,
    'результата нет. Обучение варианта ArcFace с сидом 7 разошлось в эпохе 3 ' +
      '(training.learningRate 0.1): потери равны 40,',
  );
  assert.doesNotMatch(russian, /diverged/);
});
