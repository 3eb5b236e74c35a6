import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { knobsOf } from '../../src-shared/knobs.ts';
import { lossNames, lossSchema } from '../../src-shared/losses.ts';
import {
  armSettings,
  fitsFilter,
  knobSections,
  lossKnobs,
  rangeInWords,
  words,
} from '../../src-renderer/views/experiment/knobTree.ts';

const nothing = () => undefined;

test('the tree has every knob of the plan once, with its default and a word of help', () => {
  const { arms: _arms, ...plan } = experimentSchema.parse({});
  const tree = knobSections(nothing).flatMap(({ knobs }) => knobs);
  const names = tree.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  // An empty section of names has no value of its own among the plan's, and a licence that nobody states has none.
  const expected = [...knobsOf(plan), ['split.assign', {}] as const, ['data.licence', undefined] as const];
  assert.deepEqual([...names].sort(), expected.map(([name]) => name).sort());
  for (const [name, value] of expected) assert.deepEqual(tree.find((knob) => knob.name === name)?.default, value, name);
  assert.deepEqual(
    tree.filter(({ help, name }) => help === '' && !/\.(optimizer|sampler)\.name$/.test(name)).map(({ name }) => name),
    [],
  );
});

test('a choice brings the knobs of what is chosen, given as a name or as a section', () => {
  const names = (optimizer: unknown) =>
    knobSections((path) => {
      if (path.join('.') === 'training.optimizer') return optimizer;
      const asksName = path.join('.') === 'training.optimizer.name';
      return asksName ? (optimizer as { name?: string })?.name : undefined;
    })
      .find(({ name }) => name === 'training.optimizer')
      ?.knobs.map(({ path }) => path.at(-1));
  assert.deepEqual(names('adam'), ['name', 'beta1', 'beta2', 'epsilon', 'weightDecay']);
  assert.deepEqual(names({ name: 'sgd' }), ['name', 'momentum', 'nesterov', 'weightDecay']);
});

test('every single loss has the knobs of its plan with their defaults', () => {
  for (const name of lossNames.filter((loss) => loss !== 'sum' && loss !== 'center')) {
    const { name: _name, ...settings } = lossSchema.parse(name) as Record<string, unknown>;
    assert.deepEqual(Object.fromEntries(lossKnobs(name).map((knob) => [knob.name, knob.default])), settings, name);
  }
});

test('ranges, units and labels are in words, and the filter asks for every word', () => {
  const find = (name: string) =>
    knobSections(nothing)
      .flatMap(({ knobs }) => knobs)
      .find((knob) => knob.name === name);
  const rate = find('training.learningRate');
  assert.ok(rate);
  assert.equal(rangeInWords(rate.kind), 'above 0, at most 10');
  assert.equal(find('prepare.inputSize')?.unit, 'px');
  assert.equal(rangeInWords(find('split.train')?.kind ?? { type: 'text' }), '0 to 1');
  assert.equal(words('marginRadians'), 'Margin');
  assert.ok(fitsFilter(rate, 'learn highest') && !fitsFilter(rate, 'learn momentum'));
  assert.ok(armSettings(experimentSchema.parse({})).some(({ name }) => name === 'training.optimizer.momentum'));
});

test('a knob that takes a word or a small number offers both, and knows which are numbers', () => {
  const people = knobSections(nothing)
    .flatMap(({ knobs }) => knobs)
    .find(({ name }) => name === 'data.people');
  assert.ok(people?.kind.type === 'choice');
  assert.deepEqual(people.kind.options.slice(0, 4), ['auto', 'fileName', '1', '2']);
  assert.deepEqual(people.kind.numbers, ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
});
