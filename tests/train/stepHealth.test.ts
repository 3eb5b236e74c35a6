import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import { classificationLoss } from '../../src-main/loss/classificationLosses.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { initialState, trainProgram } from '../../src-main/train/programs.ts';
import { marginShareAt } from '../../src-main/train/schedule.ts';
import { stepHealth } from '../../src-main/train/stepHealth.ts';

// Class weights along the axes and their negatives; angles to the target by construction: 0, 60, 40 and 170 degrees.
const degrees = [0, 60, 40, 170];
const labels = [0, 0, 1, 1];
const norms = [2, 3, 5, 10];
const weights = [
  [1, 0],
  [0, 1],
  [-1, 0],
];
const embeddings = degrees.map((angle, row) => {
  // sample 2 leans to class 0, sample 3 away from all
  const turned = ((labels[row] === 0 ? angle : 90 - angle) * Math.PI) / 180;
  return [(norms[row] as number) * Math.cos(turned), (norms[row] as number) * Math.sin(turned)];
});

function health(text: string, marginShare?: number): Record<string, number> {
  const loss = lossSchema.parse(text.startsWith('{') ? JSON.parse(text) : text);
  return tf.tidy(() => {
    const rows = tf.tensor2d(embeddings);
    const target = tf.tensor1d(labels, 'int32');
    const parameters = new Map<string, Tensor>([
      ['head.weight', tf.tensor2d(weights)],
      ['head.bias', tf.zeros([3])],
      ['head.scale', tf.tensor1d([4])],
      ['head.classMean', tf.tensor2d(weights)],
    ]);
    const output = classificationLoss(loss).compute({
      plan: loss,
      embeddings: rows,
      labels: target,
      parameters,
      training: true,
      noise: new Map(),
      marginShare: marginShare === undefined ? undefined : tf.scalar(marginShare),
    });
    return Object.fromEntries(
      Object.entries(stepHealth(loss, { output, embeddings: rows, labels: target })).map(([name, tensor]) => [
        name,
        tensor.dataSync()[0] as number,
      ]),
    );
  });
}

const close = (actual: number | undefined, expected: number, what: string) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-4, `${what}: ${actual}, expected ${expected}`); // float32

test('angles, norms and shares of a batch are those of its construction', () => {
  const arc = health('{"name":"arcFace","marginRadians":0.3}');
  close(arc['targetAngleDegrees'], (0 + 60 + 40 + 170) / 4, 'mean angle');
  close(arc['embeddingNorm'], 5, 'mean norm');
  // Nearest class: sample 0 at 0 degrees and sample 2 at 40 (50 from its rival) are right; sample 1 is 30 degrees from
  // class 1, sample 3 beside class 2 or below.
  close(arc['accuracy'], 0.5, 'accuracy');
  // 40 degrees + 17.2 is further than the rival at 50: only sample 0 keeps the margin; with 0.1 rad (5.7 degrees) both
  // do.
  close(arc['marginSatisfied'], 0.25, 'margin 0.3');
  close(health('{"name":"arcFace","marginRadians":0.1}')['marginSatisfied'], 0.5, 'margin 0.1');
  close(arc['beyondMargin'], 0.25, '170 degrees lie beyond 180 - 17.2');
  close(health('{"name":"arcFace","marginRadians":0.1}')['beyondMargin'], 0, '170 degrees lie within 180 - 5.7');
});

test(
  'losses without angular margin or class logits say only what they have, and cross-entropy reads the angle ' +
    'from its weights',
  () => {
    const crossEntropy = health('crossEntropy');
    close(crossEntropy['targetAngleDegrees'], 67.5, 'mean angle');
    assert.deepEqual(Object.keys(crossEntropy).sort(), [
      'accuracy',
      'embeddingNorm',
      'marginSatisfied',
      'targetAngleDegrees',
    ]);
    close(crossEntropy['marginSatisfied'], crossEntropy['accuracy'] as number, 'without a margin');
    assert.deepEqual(Object.keys(health('triplet')).sort(), ['accuracy', 'embeddingNorm', 'targetAngleDegrees']);
    close(health('arcFace + 0.1 triplet')['targetAngleDegrees'], 67.5, 'of a sum');
  },
);

test('margin warm-up goes from no margin to all of it', () => {
  for (const name of [
    'arcFace',
    'cosFace',
    'sphereFace',
    'combinedMargin',
    'subCenterArcFace',
    'curricularFace',
    'magFace',
    'adaFace',
  ]) {
    const loss = lossSchema.parse(name === 'subCenterArcFace' ? { name, subCenters: 1 } : name);
    const value = (of: unknown, share?: number) =>
      tf.tidy(() => {
        const plan = lossSchema.parse(of);
        const parameters = new Map<string, Tensor>([
          ['head.weight', tf.tensor2d(weights)],
          ['head.targetCosine', tf.tensor1d([0])],
          ['head.normMean', tf.tensor1d([20])],
          ['head.normDeviation', tf.tensor1d([100])],
        ]);
        return tf
          .mean(
            classificationLoss(plan).compute({
              plan,
              embeddings: tf.tensor2d(embeddings.slice(0, 3)),
              labels: tf.tensor1d(labels.slice(0, 3), 'int32'),
              parameters,
              training: false,
              noise: new Map(),
              marginShare: share === undefined ? undefined : tf.scalar(share),
            }).loss,
          )
          .dataSync()[0] as number;
      });
    const none = value(loss, 0);
    const half = value(loss, 0.5);
    const all = value(loss, 1);
    const whole = value(loss);
    assert.ok(none < half && half < all, `${name}: ${none}, ${half}, ${all}`);
    assert.ok(Math.abs(all - whole) <= 1e-5 * whole, `${name}: ${all} and ${whole}`);
    if (['arcFace', 'cosFace', 'sphereFace', 'combinedMargin', 'subCenterArcFace'].includes(name))
      assert.ok(Math.abs(none - value('normFace')) <= 1e-4 * none, `${name} without its margin is NormFace`);
  }
  assert.deepEqual(
    [0, 5, 10, 30].map((step) => marginShareAt(2, { step, stepsPerEpoch: 10 })),
    [0, 0.25, 0.5, 1],
  );
  assert.equal(marginShareAt(0, { step: 1, stepsPerEpoch: 10 }), 1);
});

test('a step within margin warm-up is equal eager and compiled to 1e-3, and a later share needs no new trace', () => {
  const batchSize = 4;
  const size = 32;
  const { training } = experimentSchema.parse({
    training: { batchSize, marginWarmupEpochs: 2, augmentation: { flip: 0 } },
  });
  const network = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize: 8 }), size);
  const options = { network, loss: lossSchema.parse('arcFace'), classes: 3, training };
  const random = randomStream(3, 'images');
  const images = Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256));
  const [eager, compiled] = [createEagerMachine, compileMachine].map((create) => {
    const machine = create(
      { train: trainProgram(options) },
      initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 }),
    );
    // A learning rate of 0 leaves the weights: the share alone changes from step to step.
    const losses = [0, 0.5, 1].map(
      (share) =>
        machine.step('train', {
          images,
          labels: Int32Array.of(0, 1, 2, 1),
          ...optimizerScalars(training.optimizer, 1, 0),
          marginShare: Float32Array.of(share),
        })['loss']?.[0] as number,
    );
    machine.dispose();
    return losses;
  }) as [number[], number[]];
  eager.forEach((loss, index) =>
    assert.ok(Math.abs(loss - (compiled[index] as number)) <= 1e-3 * loss, `${loss} and ${compiled[index]}`),
  );
  assert.ok(
    (compiled[0] as number) < (compiled[1] as number) && (compiled[1] as number) < (compiled[2] as number),
    String(compiled),
  );
});
