import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { backboneOf, parameterSpecs } from '../../src-main/model/network.ts';
import { createRunMachine } from '../../src-main/train/createRunMachine.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';

const batchSize = 4;
const size = 32;
const classes = 3;
const rate = 0.01;
const network = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize: 8 }), size);
const backbone = initialParameters(network, 1);
const trainable = parameterSpecs(network).filter((spec) => spec.trainable);
const ofBackbone = new Set(parameterSpecs(backboneOf(network)).map(({ name }) => name));
const random = randomStream(5, 'images');
const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));

/** The state after steps of the named programs, with no clipping and no weight decay. */
function stateAfter(training: object, programs: readonly string[], compiled = true): ReadonlyMap<string, Float32Array> {
  const plan = experimentSchema.parse({
    training: {
      batchSize,
      gradientClip: 0,
      augmentation: { flip: 0 },
      optimizer: { name: 'sgd', weightDecay: 0 },
      ...training,
    },
  }) satisfies Plan;
  const arm = { name: 'arc', loss: lossSchema.parse({ name: 'arcFace', scale: 8, marginRadians: 0.2 }) };
  const machine = createRunMachine({ plan, arm, seed: 1, network, backbone, classes, compiled });
  for (const [step, program] of programs.entries())
    machine.step(program, {
      images,
      labels: Int32Array.from([0, 1, 2, 1]),
      ...optimizerScalars(plan.training.optimizer, step + 1, rate),
    });
  const state = machine.readState();
  machine.dispose();
  return state;
}

/** How far a parameter moved from its start. */
function movement(state: ReadonlyMap<string, Float32Array>, name: string): number[] {
  const start = backbone.get(name)!;
  return [...state.get(name)!].map((value, index) => value - start[index]!);
}
const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));

test('backboneRate scales the step of the backbone, and of nothing else', () => {
  const plain = stateAfter({}, ['train']);
  const slower = stateAfter({ backboneRate: 0.25 }, ['train']);
  for (const { name } of trainable) {
    const factor = ofBackbone.has(name) ? 0.25 : 1;
    const expected = movement(plain, name).map((value) => factor * value);
    const difference = movement(slower, name).map((value, index) => value - expected[index]!);
    // float32 near values of 1
    assert.ok(largest(difference) <= 1e-6 + 1e-3 * largest(expected), name);
  }
  assert.ok(largest(movement(plain, 'embedding.weight')) > 0);
  assert.deepEqual(slower.get('head.weight'), plain.get('head.weight'));
});

test('a frozen backbone stays, while embedding, class weights and running statistics change', () => {
  const frozen = stateAfter({ freezeBackboneEpochs: 1 }, ['trainHead']);
  for (const { name } of trainable) assert.equal(largest(movement(frozen, name)) > 0, !ofBackbone.has(name), name);
  const start = stateAfter({}, []);
  assert.notDeepEqual(frozen.get('head.weight'), start.get('head.weight'));
  const statistics = parameterSpecs(network).filter(({ name }) => name.endsWith('running_mean'));
  for (const { name } of statistics) assert.ok(largest(movement(frozen, name)) > 0, name);
  // What does not depend on the backbone's gradient is the same as in a whole step.
  const whole = stateAfter({}, ['train']);
  assert.deepEqual(frozen.get('embedding.bias'), whole.get('embedding.bias'));
  const thawed = stateAfter({ freezeBackboneEpochs: 1 }, ['trainHead', 'train']);
  for (const { name } of trainable) assert.ok(largest(movement(thawed, name)) > 0, name);
});

test('both are equal eager and compiled to 1e-5', () => {
  const training = { freezeBackboneEpochs: 1, backboneRate: 0.5 };
  const [eager, compiled] = [false, true].map((is) => stateAfter(training, ['trainHead', 'train'], is));
  for (const [name, values] of eager!) {
    const difference = [...values].map((value, index) => value - compiled!.get(name)![index]!);
    assert.ok(largest(difference) <= 1e-5 * Math.max(1, largest([...values])), name);
  }
});

test("the backbone's running statistics follow at the planned momentum, those of the head at 0.1", () => {
  const momentumOf = (model: object) => {
    const built = buildNetwork(modelSchema.parse({ backbone: 'efficientnet-lite0', embeddingSize: 8, ...model }), 32);
    const norms = built.nodes.flatMap((node) => (node.op === 'batchNorm' ? [[node.name, node.momentum] as const] : []));
    assert.deepEqual(norms.at(-1), ['features', 0.1]);
    return [...new Set(norms.slice(0, -1).map(([, momentum]) => momentum))];
  };
  assert.deepEqual(momentumOf({}), [0.01]);
  assert.deepEqual(momentumOf({ weights: 'imagenet' }), [0.1]);
  assert.deepEqual(momentumOf({ weights: 'imagenet', batchNormMomentum: 0.03 }), [0.03]);
});
