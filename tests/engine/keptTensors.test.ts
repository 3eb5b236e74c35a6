import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneNames, modelSchema, type BackboneName } from '../../src-shared/modelSchema.ts';
import { experimentSchema } from '../../src-shared/experiment.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { hollowTensor, record, type Recording } from '../../src-main/engine/graph/recording.ts';
import { binding, tf } from '../../src-main/engine/tensorflow.ts';
import { buildNetwork } from '../../src-main/model/buildNetwork.ts';
import { networkShapes, parameterSpecs, type Network } from '../../src-main/model/network.ts';
import { trainProgram } from '../../src-main/train/programs.ts';

const batchSize = 8;

/** A training step as it is recorded, with the ids of its weights. */
function recordedStep(backbone: BackboneName): { network: Network; recording: Recording } {
  const { training } = experimentSchema.parse({ training: { batchSize, augmentation: { flip: 0 } } });
  const network = buildNetwork(modelSchema.parse({ backbone, embeddingSize: 64, dropout: 0.4 }), 112);
  const program = trainProgram({ network, loss: lossSchema.parse('crossEntropy'), classes: 10, training });
  const types = { float32: binding.TF_FLOAT, int32: binding.TF_INT32, uint8: binding.TF_UINT8 };
  tf.engine().startScope('recorded');
  try {
    const inputs = Object.fromEntries(
      Object.entries(program.inputs).map(([name, { shape, dtype }]) => [
        name,
        hollowTensor({ shape: [...shape], dtype: types[dtype] }),
      ]),
    );
    const head = [
      { name: 'head.weight', shape: [10, 64] },
      { name: 'head.bias', shape: [10] },
    ];
    const weights = [...parameterSpecs(network), ...head];
    const state = new Map(
      [...weights, ...weights.map(({ name, shape }) => ({ name: `momentum/${name}`, shape }))].map(
        ({ name, shape }) => [name, hollowTensor({ shape: [...shape], dtype: binding.TF_FLOAT })],
      ),
    );
    return { network, recording: record(() => void program.run(inputs, state)) };
  } finally {
    tf.engine().endScope();
  }
}

/** Numbers of a batch that the forward pass leaves for the backward pass; the loss is where they meet. */
function keptNumbers({ ops }: Recording): number {
  const meeting = ops.findIndex(({ name }) => name === 'SparseSoftmaxCrossEntropyWithLogits');
  assert.ok(meeting > 0);
  const sources = new Map<number, number>(); // a reshaped tensor is its source
  const sourceOf = (id: number): number => sources.get(id) ?? id;
  const made = new Map<number, number>();
  const kept = new Set<number>();
  ops.forEach(({ name, inputs, outputs }, index) => {
    if (name === 'Reshape') sources.set(outputs[0]!.id, sourceOf(inputs[0]!));
    else if (index <= meeting) for (const { id, shape } of outputs) made.set(id, elementCount(shape));
    if (index > meeting) for (const id of inputs) if (made.has(sourceOf(id))) kept.add(sourceOf(id));
  });
  return [...kept].reduce((sum, id) => sum + made.get(id)!, 0);
}

/**
 * Numbers of a batch that no gradient can do without: what convolutions, fully connected layers and batch norms read.
 * Twice the channels for each batch norm's statistics.
 */
function neededNumbers(network: Network): number {
  const shapes = networkShapes(network);
  const read = new Set(
    network.nodes
      .filter(({ op }) => ['conv2d', 'dense', 'batchNorm', 'maxPool'].includes(op))
      .flatMap(({ inputs }) => inputs),
  );
  return batchSize * [...read].reduce((sum, name) => sum + elementCount(shapes.get(name) ?? []), 0);
}

// PReLU once kept four tensors of its input's size: mobilefacenet took three times PyTorch's memory.
for (const backbone of backboneNames)
  test(`a step of ${backbone} keeps for its gradients little but what they need`, () => {
    const { network, recording } = recordedStep(backbone);
    const ratio = keptNumbers(recording) / neededNumbers(network);
    assert.ok(ratio < 1.1, `${ratio.toFixed(3)} times as much`);
  });
