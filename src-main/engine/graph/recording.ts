import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import {
  backend,
  binding,
  type Binding,
  type ElementValues,
  type OpAttribute,
  type OutputMetadata,
  type Tensor,
} from '../tensorflow.ts';
import { resultShapes, type Operand, type Result } from './resultShapes.ts';

/** One native op as it was executed; tensors by the addon's ids. */
export interface RecordedOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly OutputMetadata[];
  /** A tensor that must be there before the op runs, though the op does not read it. */
  readonly after?: number;
}
export interface RecordedConstant {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: ElementValues;
}
export interface Recording {
  readonly ops: readonly RecordedOp[];
  readonly constants: ReadonlyMap<number, RecordedConstant>;
}

let lastHollow = -1; // the addon's own ids start at 0, and tfjs never releases a negative one

/** A tensor without values, that only a recording may use: its negative id stands for a shape and a type. */
export function hollowTensor({ shape, dtype }: Result): Tensor {
  return backend.createOutputTensor(hollowOutput({ shape, dtype }));
}

const hollowShapes = new Map<number, Result>();
function hollowOutput({ shape, dtype }: Result): OutputMetadata {
  const id = --lastHollow;
  hollowShapes.set(id, { shape, dtype });
  return { id, shape: [...shape], dtype };
}

/**
 * Runs `action` and returns every op that it asked for and every tensor that it created. The ops are not executed:
 * their results have no values. So a recording takes neither the time nor the memory of a step. Throws where `action`
 * reads a tensor's values: what it does with them could not be recorded.
 */
export function record(action: () => void): Recording {
  const ops: RecordedOp[] = [];
  const constants = new Map<number, RecordedConstant>();
  const { executeOp, createTensor, deleteTensor, tensorDataSync } = binding;
  const operandOf = (id: number): Operand => {
    const operand = hollowShapes.get(id) ?? constants.get(id);
    if (!operand) throw new Error('A step that is being compiled used a tensor from before it.');
    return operand;
  };
  binding.executeOp = (name, attributes, inputs, count) => {
    const operands = inputs.map(operandOf);
    const results =
      resultShapes(name, operands, attributes) ??
      resultsOfZeros({ executeOp, createTensor, deleteTensor }, { name, attributes, count, operands });
    const outputs = results.map(hollowOutput);
    ops.push({ name, attributes, inputs: [...inputs], outputs });
    return outputs;
  };
  binding.createTensor = (shape, dtype, values) => {
    const id = createTensor(shape, dtype, values);
    constants.set(id, { shape: [...shape], dtype, values: values.slice() });
    return id;
  };
  binding.tensorDataSync = () => {
    throw new Error('A step that is being compiled read a tensor: what it does next would be frozen into the graph.');
  };
  try {
    action();
  } finally {
    Object.assign(binding, { executeOp, createTensor, tensorDataSync });
    hollowShapes.clear();
  }
  return { ops, constants };
}

interface HollowOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  readonly count: number;
  readonly operands: readonly Operand[];
}

/** The shapes of an op's results, found by executing it on zeros where an operand has no values. */
function resultsOfZeros(
  { executeOp, createTensor, deleteTensor }: Pick<Binding, 'executeOp' | 'createTensor' | 'deleteTensor'>,
  { name, attributes, count, operands }: HollowOp,
): Result[] {
  const ids = operands.map(({ shape, dtype, values }) =>
    createTensor(shape, dtype, values ?? zerosOf(dtype, elementCount(shape))),
  );
  const outputs = executeOp(name, attributes, ids, count);
  for (const id of [...ids, ...outputs.map((output) => output.id)]) deleteTensor(id);
  return outputs.map(({ shape, dtype }) => ({ shape, dtype }));
}

function zerosOf(dtype: number, count: number): ElementValues {
  if (dtype === binding.TF_UINT8 || dtype === binding.TF_BOOL) return new Uint8Array(count);
  return dtype === binding.TF_FLOAT ? new Float32Array(count) : new Int32Array(count);
}
