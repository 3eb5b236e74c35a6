import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { drawLossNoise } from '../../src-main/loss/lossNoise.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { drawAugmentation } from '../../src-main/train/augmentationDraws.ts';
import { initialState, trainProgram } from '../../src-main/train/programs.ts';
import { engines, relativeError } from './lossStep.ts';

const batchSize = 4;
const size = 32;
const classes = 3;

test(
  'a training step of a sum with noise, state and pairs is equal eager and compiled to 1e-3, and its parts add ' + 'up',
  () => {
    const loss = lossSchema.parse('elasticFace + 0.1 triplet + 0.003 center');
    const { training } = experimentSchema.parse({
      training: { batchSize, learningRate: 1e-4, augmentation: { flip: 0 } },
    });
    const network = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize: 8 }), size);
    const options = { network, loss, classes, training };
    const random = randomStream(3, 'images');
    const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
    const at = { seed: 1, epoch: 0, batch: 0, batchSize };
    const inputs = {
      images,
      labels: Int32Array.from([0, 0, 1, 1]),
      ...optimizerScalars(training.optimizer, 1, 1e-4),
      ...drawAugmentation(training.augmentation, size, at),
      ...drawLossNoise(loss, at),
    };
    const [eager, compiled] = Object.values(engines).map((create) => {
      const machine = create(
        { train: trainProgram(options) },
        initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 }),
      );
      const outputs = machine.step('train', inputs);
      const state = machine.readState();
      machine.dispose();
      return { outputs, state };
    });
    assert.ok(eager && compiled);
    for (const [name, values] of eager.state)
      assert.ok(relativeError([...(compiled.state.get(name) ?? [])], [...values]) <= 1e-3, name);
    for (const [name, values] of Object.entries(eager.outputs))
      assert.ok(relativeError([...(compiled.outputs[name] ?? [])], [...values]) <= 1e-3, name);
    const part = (name: string) => compiled.outputs[`loss/${name}`]?.[0] as number;
    const sum = part('elasticFace') + 0.1 * part('triplet') + 0.003 * part('center');
    assert.ok(Math.abs((compiled.outputs['loss']?.[0] as number) - sum) <= 1e-4 * sum);
    const centers = compiled.state.get('term3.head.center') as Float32Array;
    assert.ok(
      centers.subarray(0, 16).some((value) => value !== 0),
      'the centres of the classes in the batch have not moved',
    );
    assert.ok(
      centers.subarray(16).every((value) => value === 0),
      'the centre of the class that the batch lacks has moved',
    );
  },
);
