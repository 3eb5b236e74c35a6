import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneNames, modelSchema } from '../../src-shared/modelSchema.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { optimizerSchema } from '../../src-shared/trainingSchema.ts';
import { lossNames, lossSchema, type LossPlan } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import { drawLossNoise } from '../../src-main/loss/lossNoise.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { drawAugmentation } from '../../src-main/train/augmentationDraws.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import {
  dropoutNodes,
  dropoutSeedName,
  inferenceProgram,
  initialState,
  trainProgram,
} from '../../src-main/train/programs.ts';

const classes = 7;
const rate = 1e-4;
/**
 * Batch norm over one pixel of four images amplifies rounding without bound, so the deep ones get more of both and a
 * tolerance of their own.
 */
const deep: Readonly<Record<string, number>> = {
  resnet50: 5e-2,
  iresnet50: 5e-2,
  'efficientnet-lite0': 5e-2,
  'efficientnet-lite1': 5e-2,
  'efficientnet-lite2': 5e-2,
  mobilefacenet: 5e-3,
  iresnet18: 5e-3,
};

interface Variation {
  backbone?: string;
  loss?: LossPlan;
  optimizer?: object;
  gradientClip?: object;
}

/**
 * One step of training and inference on each of two machines, and the state after it. More steps would compare chaos:
 * rounding differs, and batch statistics of four images amplify it.
 */
function oneStep(
  {
    backbone = 'smallcnn',
    loss = lossSchema.parse('arcFace'),
    optimizer = { name: 'sgd' },
    gradientClip = {},
  }: Variation,
  machines: readonly (typeof createEagerMachine)[],
) {
  const [batchSize, size] = backbone in deep ? [16, 64] : [4, 32];
  const { training } = experimentSchema.parse({
    training: {
      batchSize,
      learningRate: rate,
      optimizer,
      gradientClip,
      augmentation: {
        flip: 0.5,
        shift: 0.1,
        zoom: 0.1,
        brightness: 0.2,
        contrast: 0.2,
        saturation: 0.3,
        grey: 0.2,
        erase: 0.5,
      },
    },
  });
  const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16, dropout: 0.2 }), size);
  const options = { network, loss, classes, training };
  const programs = { train: trainProgram(options), infer: inferenceProgram(options, batchSize) };
  return machines.map((create) => {
    const machine = create(programs, initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 }));
    const outputs = [0].map((batch) => {
      const random = randomStream(7, batch);
      const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
      const labels = Int32Array.from({ length: batchSize }, () => random.integer(classes));
      const seeds = Object.fromEntries(
        dropoutNodes(network).map((node) => [dropoutSeedName(node), Int32Array.of(3, batch)]),
      );
      const inferred = machine.step('infer', { images, labels });
      const trained = machine.step('train', {
        images,
        labels,
        ...optimizerScalars(training.optimizer, batch + 1, rate),
        ...drawAugmentation(training.augmentation, size, { seed: 1, epoch: 0, batch, batchSize }),
        ...drawLossNoise(loss, { seed: 1, epoch: 0, batch, batchSize }),
        ...seeds,
      });
      return {
        ...trained,
        embeddings: inferred['embeddings'] as Float32Array,
        losses: inferred['loss'] as Float32Array,
      };
    });
    const state = machine.readState();
    machine.dispose();
    return { outputs, state };
  }) as unknown as [
    { outputs: Record<string, Float32Array>[]; state: Map<string, Float32Array> },
    { outputs: Record<string, Float32Array>[]; state: Map<string, Float32Array> },
  ];
}

/** Asserts that the length of the difference is at most the tolerance times the expected length. */
function assertClose(
  actual: Float32Array,
  expected: Float32Array,
  { what, tolerance }: { what: string; tolerance: number },
): void {
  const length = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const difference = length(actual.map((value, index) => value - (expected[index] as number)));
  assert.equal(actual.length, expected.length);
  assert.ok(
    difference <= tolerance * length(expected) + 1e-6,
    `${what}: differs by ${difference}, length ${length(expected)}`,
  );
}

const variations: Variation[] = [
  ...backboneNames.map((backbone) => ({ backbone, loss: lossSchema.parse('crossEntropy') })),
  ...lossNames.map((name) => ({ loss: lossSchema.parse(name) })),
  ...['adam', 'adamw', 'sgd'].map((name) => ({
    optimizer: optimizerSchema.parse(name === 'sgd' ? { name, nesterov: true } : { name }),
  })),
  ...['sgd', 'adamw'].map((name) => ({
    optimizer: optimizerSchema.parse({ name }),
    gradientClip: { norm: 0.1, of: 'backbone' },
  })),
];
for (const variation of variations) {
  const tolerance = deep[variation.backbone ?? ''] ?? 1e-3;
  test(`a compiled step equals the eager one to ${tolerance}: ${JSON.stringify(variation)}`, () => {
    const [eager, compiled] = oneStep(variation, [createEagerMachine, compileMachine]);
    eager.outputs.forEach((outputs, step) => {
      for (const [name, values] of Object.entries(outputs))
        assertClose(compiled.outputs[step]?.[name] as Float32Array, values, {
          what: `step ${step} ${name}`,
          tolerance,
        });
    });
    for (const [name, values] of eager.state) {
      // A bias before a batch norm has no gradient but rounding, of which Adam makes a whole step either way.
      if (name === 'embedding.bias' && variation.optimizer && 'beta1' in variation.optimizer)
        values.forEach((value, at) =>
          assert.ok(Math.abs(value - (compiled.state.get(name)?.[at] as number)) <= 2.001 * rate, name),
        );
      else assertClose(compiled.state.get(name) as Float32Array, values, { what: name, tolerance });
    }
  });
}

test('the same compiled steps twice give the same bits', () => {
  const [first, second] = oneStep({ backbone: 'resnet18' }, [compileMachine, compileMachine]);
  for (const [name, values] of first.state) assert.deepEqual(second.state.get(name), values, name);
});

test('clipping the backbone scales its steps alone, and says that it clipped', () => {
  // Plain SGD without decay: each parameter moves by rate x factor x gradient.
  const optimizer = { name: 'sgd', momentum: 0, weightDecay: 0 };
  const moved = (gradientClip: object) => {
    const [{ outputs, state }] = oneStep({ optimizer, gradientClip }, [createEagerMachine]);
    return { output: outputs[0]!, state };
  };
  const free = moved({ norm: 0 });
  const clipped = moved({ norm: 0.01, of: 'backbone' });
  const whole = moved({ norm: 0.01 });
  const head = 'head.weight';
  assert.deepEqual(clipped.state.get(head), free.state.get(head), 'the head moves as without clipping');
  assert.notDeepEqual(whole.state.get(head), free.state.get(head));
  assert.equal(free.output['clipped'], undefined);
  assert.deepEqual([clipped.output['clipped']![0], whole.output['clipped']![0]], [1, 1]);
  assert.ok(
    clipped.output['gradientNorm']![0]! < whole.output['gradientNorm']![0]!,
    'the norm is that of the backbone',
  );
  assert.deepEqual([...moved({ norm: 1e9 }).output['clipped']!], [0]);
});
