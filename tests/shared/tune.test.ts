import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExperiment } from '../../src-shared/parseExperiment.ts';
import { tunedArm, tuningSeeds, tuningTrials } from '../../src-shared/tune.ts';

const refused = (text: string, message: RegExp) => assert.throws(() => parseExperiment(text, 'e.yaml'), { message });
const tuned = 'tune: { knobs: { training.learningRate: [0.01, 0.03, 0.1] }, seeds: 2 }';

test('a seed that is there twice is refused by its name, since a run counts once', () => {
  refused('seeds: [1, 2, 1, 2]', /line 1: 'seeds': seed 1 is there twice, and a run counts only once/);
  assert.deepEqual(parseExperiment('seeds: [3, 1]', 'e.yaml').seeds, [3, 1]);
});

test('each arm tries the same grid, with seeds that are not those of the comparison', () => {
  const plan = parseExperiment(`${tuned}\nseeds: 5`, 'e.yaml');
  const trials = tuningTrials(plan);
  assert.deepEqual(
    trials.map(({ variantOf, settings }) => [variantOf, settings?.['training.learningRate']]),
    ['cross-entropy', 'ArcFace'].flatMap((arm) => [0.01, 0.03, 0.1].map((rate) => [arm, rate])),
  );
  const seeds = tuningSeeds(plan);
  assert.equal(new Set(seeds).size, 2);
  assert.ok(seeds.every((seed) => !plan.seeds.includes(seed)));
  // Where the comparison takes the seeds that would be drawn, tuning draws others.
  const others = tuningSeeds({ ...plan, seeds });
  assert.ok(others.every((seed) => !seeds.includes(seed)) && others.length === 2);
  assert.equal(tunedArm(plan.arms[1]!, trials[4]!).settings?.['training.learningRate'], 0.03);
  assert.equal(tunedArm(plan.arms[1]!, trials[4]!).name, 'ArcFace');
});

test('what cannot be tuned is refused in a sentence', () => {
  refused('tune: { knobs: { model.dropout: [0, 0.1] } }', /only knobs of training can be tuned/);
  refused(
    'tune: { knobs: { training.learningRat: [0.1] } }',
    /no such knob to tune; the nearest known name is 'training/,
  );
  refused('tune: { knobs: { training.learningRate: [0.1, -1] } }', /training.learningRate cannot be -1/);
  refused(`${tuned}\nsweep: { knobs: { training.epochs: [1, 2] } }`, /tune and sweep both try values/);
  refused(
    `${tuned}\narms: [{ name: a, loss: arcFace, settings: { training.learningRate: 0.1 } }]`,
    /training.learningRate is tuned, but the arm a sets it too/,
  );
});

test('until: decided is short for a list of seeds and a stopping rule', () => {
  const plan = parseExperiment('seeds: { until: decided, atMost: 7, equalWithin: 0.5 }', 'e.yaml');
  assert.deepEqual([plan.seeds, plan.stopping], [[1, 2, 3, 4, 5, 6, 7], { equalWithin: 0.5 }]);
  assert.deepEqual(parseExperiment('seeds: { until: decided }', 'e.yaml').stopping, { equalWithin: 0.2 });
  refused('seeds: [1, 2]\nstopping: {}', /first looked at after 5 seeds/);
  refused('seeds: { until: decided }\narms: [{ name: a, loss: arcFace }]', /one arm alone has no comparison to stop/);
});

test('a value that a knob cannot take is refused in plain words, in a grid and in the settings of an arm', () => {
  const grid = (knob: string, values: string) => `tune: { knobs: { training.${knob}: [${values}] } }`;
  refused(grid('learningRate', '0.1, 99'), /training\.learningRate cannot be 99: expected at most 10\.$/m);
  refused(grid('learningRate', '0.1, 0'), /training\.learningRate cannot be 0: expected above 0\.$/m);
  refused(grid('batchSize', '8, 1'), /training\.batchSize cannot be 1: expected at least 2\.$/m);
  refused(
    grid('schedule.name', 'cosine, linear'),
    /cannot be linear: expected one of constant, step, cosine, polynomial\.$/m,
  );
  refused(
    'arms: [{ name: a, loss: arcFace, settings: { training.epochs: 1.5 } }]',
    /training\.epochs cannot be 1\.5: expected a whole number/,
  );
});
