import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentFields } from '../../src-shared/experiment.ts';
import { knobSchemaOf, type KnobSchema } from '../../src-shared/knobSchema.ts';
import { lossNames } from '../../src-shared/losses.ts';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { armRows } from '../../src-renderer/views/experiment/armRows.ts';
import { armsIn, editArms, givenIn, setKnob } from '../../src-renderer/views/experiment/experimentText.ts';
import {
  armSettings,
  halvingKnobs,
  knobSections,
  ladderKnobs,
  lossKnobs,
  sweepKnobs,
  sweptKnobs,
  tuneKnobs,
} from '../../src-renderer/views/experiment/knobTree.ts';
import { firstRange, firstValues, sweepOptions, sweepSize } from '../../src-renderer/views/experiment/sweepRows.ts';

/**
 * Every place of a schema that takes a plain value, a list or a section of free names; choices are entered one by one.
 */
function leaves(schema: KnobSchema, path: readonly string[] = []): string[] {
  const options = schema.oneOf ?? schema.anyOf;
  if (options)
    return options.flatMap((option) =>
      leaves(option, [
        ...path,
        ...(option.properties?.['name']?.const === undefined ? [] : [`<${String(option.properties['name'].const)}>`]),
      ]),
    );
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([key, inner]) => leaves(inner, [...path, key]));
  if (schema.items?.properties ?? schema.items?.oneOf) return leaves(schema.items ?? {}, [...path, '*']);
  if (schema.additionalProperties && schema.additionalProperties.properties)
    return leaves(schema.additionalProperties, [...path, '*']);
  return [path.join('.')];
}

test('every knob of the schema has a control in the form', () => {
  const chosen = (section: string, name: string) =>
    knobSections((path) => (path.join('.') === `${section}.name` ? name : undefined))
      .flatMap(({ knobs }) => knobs)
      .filter((knob) => knob.name.startsWith(`${section}.`))
      .map((knob) => `${section}.<${name}>.${knob.path.at(-1)}`);
  const controlled = new Set([
    ...knobSections(() => undefined)
      .flatMap(({ knobs }) => knobs)
      .map(({ name }) => name),
    ...['sgd', 'adam', 'adamw'].flatMap((name) => chosen('training.optimizer', name)),
    ...['shuffled', 'pk'].flatMap((name) => chosen('training.sampler', name)),
    ...[...ladderKnobs(), ...sweepKnobs(), ...halvingKnobs(), ...tuneKnobs()].map(({ name }) => name),
    ...sweptKnobs({ kind: { type: 'number', whole: false, above: false, below: false }, default: 1 }).flatMap(
      ({ name }) => [`sweep.knobs.*.${name}`, `tune.knobs.*.${name}`],
    ),
    'stopping.equalWithin', // the panel Stop when decided
    // The table of arms names them, chooses their loss or their file, varies other knobs and holds one against another.
    ...['name', 'onnx', 'embeddings', 'settings', 'against'].map((name) => `arms.*.${name}`),
    ...lossNames.flatMap((loss) => [
      `arms.*.loss.<${loss}>.name`,
      ...lossKnobs(loss).map(({ name }) => `arms.*.loss.<${loss}>.${name}`),
    ]),
  ]);
  const isControlled = (leaf: string) =>
    controlled.has(leaf) ||
    leaf === 'arms.*.variantOf' || // written by a sweep, never by a person
    leaf === 'arms.*.sha256' || // filled in when the file is read
    leaf.startsWith('extends.') || // written by --extend
    leaf.startsWith('arms.*.loss.<sum>.'); // the expression of a sum, and a row for each knob of its terms
  assert.deepEqual(
    leaves(knobSchemaOf(experimentFields)).filter((leaf) => !isControlled(leaf)),
    [],
  );
});

const text = `# Our duel.
training:
  epochs: 18 # a night
arms:
  - { name: CE, loss: crossEntropy }
  - name: Arc.Face # the one
    loss: { name: arcFace, scale: 32 }
seeds: [1, 2]
`;
const optionsOf = (yaml: string) => {
  const plan = parseExperiment(yaml, 'test');
  const given = givenIn(yaml) ?? (() => undefined);
  const settings = armSettings(plan);
  const arms = armsIn(yaml, []);
  return sweepOptions(arms, armRows(arms, settings, given), settings, (knob) => given(knob.path));
};
const option = (name: string) => {
  const found = optionsOf(text).find((entry) => entry.name === name);
  assert.ok(found, name);
  return found;
};

test('every knob that is offered can be swept with the values it begins with, and comments stay', () => {
  for (const offered of optionsOf(text)) {
    if (offered.name === 'model.weights') continue; // its one value is tried alone
    const yaml = setKnob(text, ['sweep', 'knobs', offered.name], firstValues(offered));
    let plan;
    try {
      plan = parseExperiment(yaml, 'test');
    } catch (error) {
      assert.fail(`${offered.name} with ${JSON.stringify(firstValues(offered))}: ${String(error)}`);
    }
    assert.ok(plan.arms.filter((arm) => arm.variantOf !== undefined).length >= 2, offered.name);
    assert.ok(yaml.includes('# Our duel.') && yaml.includes('# a night') && yaml.includes('# the one'));
  }
});

test('the form says how many runs and rounds a sweep makes', () => {
  const swept = setKnob(
    setKnob(text, ['sweep', 'knobs', 'arms.Arc.Face.loss.scale'], firstValues(option('arms.Arc.Face.loss.scale'))),
    ['sweep', 'knobs', 'arms.Arc.Face.loss.marginRadians'],
    { from: 0.1, to: 0.5 },
  );
  assert.equal(
    sweepSize(parseExperiment(swept, 'test')).arms,
    '9 variants of 1 arm and 1 unchanged arm, 2 seeds: 20 runs',
  );
  assert.equal(
    sweepSize(parseExperiment(setKnob(swept, ['sweep', 'halving'], true), 'test')).rounds,
    '9 to epoch 2, 3 to epoch 6, 1 to epoch 18',
  );
});

test('values and ranges begin inside of what the knob takes', () => {
  assert.deepEqual(firstValues(option('arms.Arc.Face.loss.scale')), [16, 32, 64]);
  assert.deepEqual(firstValues(option('training.augmentation.flip')), [0.25, 0.5, 1]);
  assert.deepEqual(firstValues(option('training.optimizer.nesterov')), [true, false]);
  assert.deepEqual(firstRange([16, 32, 64], option('arms.Arc.Face.loss.scale')), { from: 16, to: 64 });
  const { from, to } = firstRange([1], option('training.augmentation.flip'));
  assert.ok(from < to && to <= 1);
});

test('a swept knob follows the arm that it is of when that is renamed', () => {
  const swept = setKnob(text, ['sweep', 'knobs', 'arms.Arc.Face.loss.scale'], [16, 32]);
  assert.deepEqual(Object.keys(parseExperiment(editArms(swept, []).rename(1, 'angular'), 'test').sweep?.knobs ?? {}), [
    'arms.angular.loss.scale',
  ]);
});

test('a value that a knob cannot take is refused at that knob, at its line', () => {
  const wrong = (name: string, values: unknown) =>
    setKnob(setKnob(text, ['sweep', 'knobs', 'training.batchSize'], [32, 64]), ['sweep', 'knobs', name], values);
  assert.throws(
    () => parseExperiment(wrong('arms.Arc.Face.loss.scale', [16, 5000]), 'test'),
    /'sweep\.knobs\.arms\.Arc\.Face\.loss\.scale'/,
  );
  assert.throws(
    () => parseExperiment(wrong('training.learningRate', [0.1, 50]), 'test'),
    /'sweep\.knobs\.training\.learningRate'/,
  );
});
