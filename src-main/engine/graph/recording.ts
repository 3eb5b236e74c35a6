import { binding, type ElementValues, type OpAttribute, type OutputMetadata } from '../tensorflow.ts';

/** One native op as it was executed; tensors by the addon's ids. */
export interface RecordedOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly number[];
  readonly outputs: readonly OutputMetadata[];
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

/**
 * Runs `action` eagerly and returns every op that it executed and every tensor that it created, by the addon's ids.
 * Throws where `action` reads a tensor's values: what it does with them could not be recorded.
 */
export function record(action: () => void): Recording {
  const ops: RecordedOp[] = [];
  const constants = new Map<number, RecordedConstant>();
  const { executeOp, createTensor, tensorDataSync } = binding;
  binding.executeOp = (name, attributes, inputs, outputs) => {
    const metadata = executeOp(name, attributes, inputs, outputs);
    ops.push({ name, attributes, inputs: [...inputs], outputs: metadata });
    return metadata;
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
  }
  return { ops, constants };
}
