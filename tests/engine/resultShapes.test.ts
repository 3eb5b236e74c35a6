import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneNames, modelSchema } from '../../src-shared/modelSchema.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { optimizerSchema } from '../../src-shared/trainingSchema.ts';
import { lossNames, lossSchema, type LossPlan } from '../../src-shared/losses.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import type { Program } from '../../src-main/engine/graph/program.ts';
import { record } from '../../src-main/engine/graph/recording.ts';
import { resultShapes, type Operand } from '../../src-main/engine/graph/resultShapes.ts';
import { binding, tf } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { inferenceProgram, initialState, mirroredProgram, trainProgram } from '../../src-main/train/programs.ts';

interface Variation {
  readonly backbone?: string;
  readonly loss?: LossPlan;
  readonly optimizer?: object;
}

/** The programs of a run, and their state. */
function programsOf({
  backbone = 'smallcnn',
  loss = lossSchema.parse('arcFace'),
  optimizer = { name: 'sgd' },
  batchSize = 2,
  size = 32,
}: Variation & { readonly batchSize?: number; readonly size?: number }) {
  const augmentation = { flip: 0.5, shift: 0.1, brightness: 0.2, saturation: 0.3, erase: 0.5 };
  const { training } = experimentSchema.parse({ training: { batchSize, optimizer, augmentation } });
  const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 16, dropout: 0.2 }), size);
  const options = { network, loss, classes: 7, training };
  const programs = {
    train: trainProgram(options),
    infer: inferenceProgram(options, batchSize),
    mirrored: mirroredProgram(options, batchSize),
  };
  return { programs, state: initialState({ ...options, backbone: initialParameters(network, 1), seed: 1 }) };
}

const zerosFor = ({ inputs }: Program) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => {
      const count = elementCount(shape);
      if (dtype === 'float32') return [name, new Float32Array(count)];
      return [name, dtype === 'uint8' ? new Uint8Array(count) : new Int32Array(count)];
    }),
  );

/** Ops that add their inputs in an order that depends on which of them is ready or free first. */
const inNoOrder = ['AddN', 'AccumulateNV2', 'UnsortedSegmentSum'];

/** Runs `action` and compares what each rule says of an op with the shapes and types that the op then has. */
function comparedOps(action: () => void): Set<string> {
  const compared = new Set<string>();
  const known = new Map<number, Operand>();
  const { executeOp, createTensor } = binding;
  binding.createTensor = (shape, dtype, values) => {
    const id = createTensor(shape, dtype, values);
    known.set(id, { shape, dtype, values });
    return id;
  };
  binding.executeOp = (name, attributes, inputs, count) => {
    assert.ok(!inNoOrder.includes(name), `${name} does not give the same bits each time`);
    const outputs = executeOp(name, attributes, inputs, count);
    const operands = inputs.map((id) => known.get(id)!);
    const foreseen = resultShapes(name, operands, attributes);
    if (foreseen) {
      compared.add(name);
      assert.deepEqual(
        foreseen,
        outputs.map(({ shape, dtype }) => ({ shape, dtype })),
        `${name} of ${operands.map(({ shape }) => `[${shape}]`).join(', ')}`,
      );
    }
    for (const { id, shape, dtype } of outputs) known.set(id, { shape, dtype });
    return outputs;
  };
  try {
    action();
  } finally {
    Object.assign(binding, { executeOp, createTensor });
  }
  return compared;
}

const variations: Variation[] = [
  ...backboneNames.map((backbone) => ({ backbone })),
  ...lossNames.map((name) => ({ loss: lossSchema.parse(name) })),
  ...['adam', 'adamw'].map((name) => ({ optimizer: optimizerSchema.parse({ name }) })),
];
for (const variation of variations) {
  test(`the shapes of a step that is only recorded are those of the executed one: ${JSON.stringify(variation)}`, () => {
    const compared = comparedOps(() => {
      const { programs, state } = programsOf(variation);
      const machine = createEagerMachine(programs, state);
      for (const [name, program] of Object.entries(programs)) machine.step(name, zerosFor(program));
      machine.dispose();
    });
    assert.ok(compared.size > 20, [...compared].join());
  });
}

// Compiling once executed every step: iresnet50 at batch 64 took 18 GiB and a minute before it trained at all.
test('compiling executes no op on anything large', () => {
  const { programs, state } = programsOf({ backbone: 'iresnet50', batchSize: 64, size: 112 });
  const { executeOp } = binding;
  let largest = 0;
  binding.executeOp = (...args) => {
    const outputs = executeOp(...args);
    largest = Math.max(largest, ...outputs.map(({ shape }) => elementCount(shape)));
    return outputs;
  };
  try {
    compileMachine(programs, state).dispose();
  } finally {
    binding.executeOp = executeOp;
  }
  assert.ok(largest <= 64 * 16, `${largest} numbers`);
});

// Each new list of feeds makes TensorFlow build an executor: one a variable took iresnet50 a minute at each start.
test('all variables are set in one run of the session', () => {
  const names = Array.from({ length: 40 }, (_, index) => `variable${index}`);
  const state = new Map(names.map((name, index) => [name, { shape: [2], values: Float32Array.of(index, -index) }]));
  const { runSavedModel } = binding;
  let runs = 0;
  binding.runSavedModel = (...args) => {
    runs++;
    return runSavedModel(...args);
  };
  try {
    const machine = compileMachine({}, state);
    assert.equal(runs, 1);
    machine.writeState(new Map(names.map((name) => [name, Float32Array.of(7, 8)])));
    assert.equal(runs, 2);
    for (const [name, values] of machine.readState()) assert.deepEqual([...values], [7, 8], name);
    assert.throws(() => machine.writeState(new Map([['variable3', new Float32Array(3)]])), /expects 2 numbers, not 3/);
    machine.dispose();
  } finally {
    binding.runSavedModel = runSavedModel;
  }
});

test('an op without a rule is recorded with the shapes that it has', () => {
  const { ops } = record(() => {
    tf.tidy(() => tf.topk(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), 2));
  });
  assert.equal(resultShapes('TopKV2', [], []), null);
  const topK = ops.find(({ name }) => name === 'TopKV2');
  assert.deepEqual(
    topK?.outputs.map(({ shape }) => shape),
    [
      [2, 2],
      [2, 2],
    ],
  );
});
