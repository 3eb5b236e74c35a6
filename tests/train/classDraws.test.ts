import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { modelSchema } from '../../src-shared/modelSchema.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { Program } from '../../src-main/engine/graph/program.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { classificationLoss } from '../../src-main/loss/classificationLosses.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { valueAndGradients } from '../../src-main/train/valueAndGradients.ts';
import { drawClasses } from '../../src-main/train/classDraws.ts';
import { optimizerScalars } from '../../src-main/train/optimizer.ts';
import { initialState, trainProgram } from '../../src-main/train/programs.ts';
import { drawLossNoise } from '../../src-main/loss/lossNoise.ts';
import { combined, differences, marginSoftmax, type Rows } from '../loss/scalarLosses.ts';
import { engines, relativeError, type EngineName } from '../loss/lossStep.ts';

const batchSize = 6;
const size = 32;
const classes = 20;
const embeddingSize = 8;
const trainingOf = (classSampleRate: number, rest: object = {}) =>
  experimentSchema.parse({ training: { batchSize, classSampleRate, augmentation: { flip: 0 }, ...rest } }).training;
const labels = Int32Array.of(3, 3, 17, 0, 9, 17);

test(
  "a draw has the batch's own classes and others, each once and rising, evenly over steps, the same for every " +
    'loss of a seed',
  () => {
    const draw = (loss: string, batch: number) =>
      drawClasses({ loss: lossSchema.parse(loss), classes, embeddingSize, training: trainingOf(0.5) }, labels, {
        seed: 4,
        epoch: 1,
        batch,
      });
    const times = new Array<number>(classes).fill(0);
    const steps = 4000;
    for (let batch = 0; batch < steps; batch++) {
      const { labels: places, 'classRows/1': rows } = draw('arcFace', batch) as {
        labels: Int32Array;
        'classRows/1': Int32Array;
      };
      assert.equal(rows.length, 10);
      assert.deepEqual(
        [...rows],
        [...new Set(rows)].sort((a, b) => a - b),
      );
      assert.deepEqual(
        [...places].map((place) => rows[place]),
        [...labels],
      );
      for (const row of rows) (times[row] as number) += 1;
    }
    // 6 of the 16 others a step: 1500 each, standard deviation √(4000 · 0.375 · 0.625) = 31.
    times.forEach((count, label) =>
      assert.ok(
        labels.includes(label) ? count === steps : Math.abs(count - 1500) < 5 * 31,
        `class ${label} was drawn ${count} times`,
      ),
    );
    assert.deepEqual(draw('normFace', 7), draw('arcFace', 7));
    assert.notDeepEqual(draw('arcFace', 8), draw('arcFace', 7));
    const ofThree = draw('subCenterArcFace', 7) as Record<string, Int32Array>;
    assert.deepEqual(
      [...(ofThree['classRows/3'] ?? [])],
      [...(draw('arcFace', 7)['classRows/1'] as Int32Array)].flatMap((row) => [3 * row, 3 * row + 1, 3 * row + 2]),
    );
    assert.deepEqual(
      drawClasses({ loss: lossSchema.parse('arcFace'), classes, embeddingSize, training: trainingOf(1) }, labels, {
        seed: 4,
        epoch: 1,
        batch: 0,
      }),
      { labels },
    );
    // A batch of more classes than the rate asks for keeps them all.
    assert.equal(
      drawClasses({ loss: lossSchema.parse('arcFace'), classes, embeddingSize, training: trainingOf(0.1) }, labels, {
        seed: 4,
        epoch: 1,
        batch: 0,
      })['classRows/1']?.length,
      batchSize,
    );
  },
);

/** Some steps of training on one machine, with what they were fed. */
function train(
  lossText: string,
  training: ReturnType<typeof trainingOf>,
  { engine, steps }: { engine: EngineName; steps: number },
) {
  const loss = lossSchema.parse(lossText);
  const network = buildNetwork(modelSchema.parse({ backbone: 'smallcnn', embeddingSize }), size);
  const options = { network, loss, classes, training };
  const start = initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 });
  const machine = engines[engine]({ train: trainProgram(options) }, start);
  const random = randomStream(3, 'images');
  const fed = Array.from({ length: steps }, (_, batch): Record<string, Uint8Array | Float32Array | Int32Array> => {
    const at = { seed: 1, epoch: 0, batch, batchSize };
    return {
      images: Uint8Array.from({ length: batchSize * size * size * 3 }, () => random.integer(256)),
      ...drawClasses({ loss, classes, embeddingSize, training }, labels, at),
      ...drawLossNoise(loss, at),
      ...optimizerScalars(training.optimizer, batch + 1, 1e-3),
    };
  });
  const outputs = fed.map((inputs) => machine.step('train', inputs));
  const state = machine.readState();
  machine.dispose();
  return { outputs, state, start, fed };
}

test('with all classes drawn a step of each softmax loss equals that of the full softmax to 1e-5', () => {
  for (const loss of [
    'crossEntropy',
    'normFace',
    'cosFace',
    'arcFace',
    'combinedMargin',
    'curricularFace',
    'subCenterArcFace',
  ]) {
    const [full, drawn] = [1, 0.99].map((rate) => train(loss, trainingOf(rate), { engine: 'compiled', steps: 1 })) as [
      ReturnType<typeof train>,
      ReturnType<typeof train>,
    ];
    assert.ok(Object.keys(drawn.fed[0] ?? {}).some((name) => name.startsWith('classRows/')));
    // The bias before a batch norm has no gradient but rounding: hence the absolute part.
    const close = (name: string, actual: Float32Array | undefined, expected: Float32Array) => {
      const most = 1e-5 * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) + 1e-6;
      assert.ok(
        expected.every((value, index) => Math.abs((actual?.[index] ?? Number.NaN) - value) <= most),
        `${loss}: ${name}`,
      );
    };
    for (const [name, values] of full.state) close(name, drawn.state.get(name), values);
    for (const [name, values] of Object.entries(full.outputs[0] ?? {})) close(name, drawn.outputs[0]?.[name], values);
  }
});

for (const [loss, optimizer] of [
  ['crossEntropy', 'sgd'],
  ['arcFace', 'sgd'],
  ['subCenterArcFace', 'sgd'],
  ['magFace', 'sgd'],
  ['elasticFace', 'sgd'],
  ['arcFace + 0.01 center', 'sgd'],
  ['arcFace', 'adamw'],
] as const) {
  test(
    `${loss} with drawn classes and ${optimizer}: eager equals compiled to 1e-3, and the rows of no drawn ` +
      'class keep their bits',
    () => {
      const training = trainingOf(0.4, { optimizer });
      const [eager, compiled] = (['eager', 'compiled'] as const).map((engine) =>
        train(loss, training, { engine, steps: 2 }),
      ) as [ReturnType<typeof train>, ReturnType<typeof train>];
      for (const [name, values] of eager.state)
        assert.ok(relativeError([...(compiled.state.get(name) ?? [])], [...values]) <= 1e-3, name);
      const perClass = loss === 'subCenterArcFace' ? 3 : 1;
      const drawn = new Set(compiled.fed.flatMap((inputs) => [...(inputs[`classRows/${perClass}`] ?? [])]));
      assert.ok(drawn.size < classes * perClass);
      const slots = optimizer === 'sgd' ? ['momentum'] : ['firstMoment', 'secondMoment'];
      for (const name of ['head.weight', ...slots.map((slot) => `${slot}/head.weight`)]) {
        const [before, after] = [compiled.start.get(name)?.values, compiled.state.get(name)] as [
          Float32Array,
          Float32Array,
        ];
        for (let row = 0; row < classes * perClass; row++) {
          const moved = after
            .subarray(row * embeddingSize, (row + 1) * embeddingSize)
            .some((value, index) => value !== before[row * embeddingSize + index]);
          assert.equal(moved, drawn.has(row), `${name}, row ${row}`);
        }
      }
    },
  );
}

test(
  'value and gradients by the drawn rows equal a scalar computation over the drawn classes and its differences ' +
    'to 1e-4, on both engines',
  () => {
    const loss = lossSchema.parse({ name: 'arcFace', scale: 16 });
    const random = randomStream(5, 'rows');
    const rows = (count: number) =>
      Array.from({ length: count }, () => Array.from({ length: embeddingSize }, () => Math.fround(random.normal())));
    const embeddings = rows(batchSize);
    const weights = rows(classes);
    const { labels: places, 'classRows/1': drawn } = drawClasses(
      { loss, classes, embeddingSize, training: trainingOf(0.4) },
      labels,
      { seed: 2, epoch: 0, batch: 0 },
    ) as { labels: Int32Array; 'classRows/1': Int32Array };
    const value = (input: { embeddings: Rows; weights: Rows }) =>
      marginSoftmax({ ...input, labels: [...places] }, 16, (cosine) => combined(cosine, 1, 0.5, 0));
    const small = { embeddings, weights: [...drawn].map((row) => weights[row] as number[]) };
    const program: Program = {
      rows: new Map([['head.weight', 'classRows/1']]),
      inputs: {
        embeddings: { shape: [batchSize, embeddingSize], dtype: 'float32' },
        labels: { shape: [batchSize], dtype: 'int32' },
        'classRows/1': { shape: [drawn.length], dtype: 'int32' },
      },
      run(inputs, state) {
        const weight = state.get('head.weight') as Tensor;
        const { value: mean, gradients } = valueAndGradients(
          new Map([
            ['embeddings', inputs['embeddings'] as Tensor],
            ['head.weight', weight],
          ]),
          (trained) =>
            tf.mean(
              classificationLoss(loss).compute({
                plan: loss,
                embeddings: trained.get('embeddings') as Tensor,
                labels: inputs['labels'] as Tensor,
                parameters: trained,
                training: true,
                noise: new Map(),
              }).loss,
            ),
        );
        return {
          outputs: { value: mean, embeddings: gradients.get('embeddings') as Tensor },
          updates: new Map([['head.weight', tf.sub(weight, gradients.get('head.weight') as Tensor)]]),
        };
      },
    };
    for (const create of Object.values(engines)) {
      const machine = create(
        { step: program },
        new Map([['head.weight', { shape: [classes, embeddingSize], values: Float32Array.from(weights.flat()) }]]),
      );
      const output = machine.step('step', {
        embeddings: Float32Array.from(embeddings.flat()),
        labels: places,
        'classRows/1': drawn,
      });
      const after = machine.readState().get('head.weight') as Float32Array;
      machine.dispose();
      assert.ok(Math.abs((output['value']?.[0] as number) - value(small)) <= 1e-4 * value(small));
      assert.ok(
        relativeError(
          [...(output['embeddings'] ?? [])],
          differences(embeddings, (moved) => value({ ...small, embeddings: moved })),
        ) <= 1e-4,
      );
      const gradient = differences(small.weights, (moved) => value({ ...small, weights: moved }));
      const expected = weights.map((row) => [...row]);
      [...drawn].forEach((row, place) => {
        expected[row] = (expected[row] as number[]).map(
          (old, k) => old - (gradient[place * embeddingSize + k] as number),
        );
      });
      assert.ok(relativeError([...after], expected.flat()) <= 1e-4);
    }
  },
);
