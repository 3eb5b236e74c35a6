import { lowConvolution } from './lowConvolutions.ts';
import { bfloat16, createLowWriter, lowType, type LowWriter, type LowWriterOptions } from './lowWriter.ts';
import type { LowUnits } from '../processor.ts';
import type { RecordedOp } from './recording.ts';

/** Which operands and results of an op may be bfloat16, and which operand decides whether they are. */
interface Follower {
  readonly decides: readonly number[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Ops that read and write bfloat16 where what they read was computed in it; they compute in float32. */
const followers: Readonly<Record<string, Follower>> = {
  ResidualBatchNorm: { decides: [0], inputs: [0, 1], outputs: [0] },
  ResidualBatchNormGrad: { decides: [3], inputs: [0, 1, 2, 3], outputs: [0, 3] },
  Add: { decides: [0, 1], inputs: [0, 1], outputs: [0] },
  AddV2: { decides: [0, 1], inputs: [0, 1], outputs: [0] },
};

/**
 * The ops of a training step with convolutions in bfloat16 where that gains, and batch norm, rectifiers and sums behind
 * them, which halves what these read, write and keep for the backward pass. Weights, statistics, losses and the
 * optimiser stay float32. What an op cannot read in bfloat16 is widened for it.
 */
export function lowerPrecision(
  ops: readonly RecordedOp[],
  { units, ...options }: LowWriterOptions & { readonly units: LowUnits },
): readonly RecordedOp[] {
  const writer = createLowWriter(options);
  for (const op of ops) {
    const [result] = op.outputs;
    const convolved = result ? lowConvolution(writer, op, units) : null;
    if (result && convolved !== null) writer.computedLow(result.id, convolved);
    else if (!follow(writer, op)) addInFloat(writer, op);
  }
  return writer.ops;
}

/** Adds an op with its large operands and results in bfloat16, where it follows one. */
function follow(writer: LowWriter, op: RecordedOp): boolean {
  const follower = followers[op.name];
  if (!follower?.decides.every((index) => writer.isLow(op.inputs[index] as number))) return false;
  const inputs = op.inputs.map((id, index) => (follower.inputs.includes(index) ? writer.low(id) : writer.float(id)));
  const outputs = op.outputs.map((output, index) =>
    follower.outputs.includes(index) ? { ...output, id: writer.newId(), dtype: bfloat16 } : output,
  );
  writer.add({ ...op, attributes: [...op.attributes.filter(({ name }) => name !== 'T'), lowType()], inputs, outputs });
  op.outputs.forEach(({ id }, index) => {
    if (follower.outputs.includes(index)) writer.computedLow(id, outputs[index]!.id);
  });
  return true;
}

/** Which operand of an op is the gradient that the backward pass brings; the others were there before. */
const upstream: Readonly<Record<string, number>> = {
  Conv2DBackpropFilter: 2,
  WinogradConv2DBackpropFilter: 1,
  StridedConv2DBackpropFilter: 1,
  ResidualBatchNormGrad: 0,
  PooledBatchNormGrad: 0,
  PreluGrad: 0,
  NormalisedDepthwiseGrad: 0,
  NormalisedPointwiseGrad: 0,
};

/** Adds an op as it was recorded. */
function addInFloat(writer: LowWriter, op: RecordedOp): void {
  const at = upstream[op.name];
  const gradient = at === undefined ? undefined : writer.float(op.inputs[at] as number);
  writer.add({
    ...op,
    inputs: op.inputs.map((id, index) => (index === at ? (gradient as number) : writer.float(id, gradient))),
  });
}
