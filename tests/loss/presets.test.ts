import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { lossNames, lossSchema } from '../../src-shared/losses.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';

test('the presets of losses train each loss once, with its defaults', () => {
  const arms = ['losses', 'pair-losses'].flatMap(
    (name) =>
      parseExperiment(readFileSync(new URL(`../../resources/experiments/${name}.yaml`, import.meta.url), 'utf8'), name)
        .arms,
  );
  assert.deepEqual(
    arms.map(({ loss }) => JSON.stringify(loss)).sort(),
    lossNames.map((name) => JSON.stringify(lossSchema.parse(name))).sort(),
  );
});
