import { backend, binding, type OutputMetadata, type Tensor } from '../tensorflow.ts';
import { idOf, type RecordedProgram } from './recordProgram.ts';
import type { RecordedConstant } from './recording.ts';

/** What a replay starts from: a tensor for each input and state of the program, by name. */
export interface Given {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly state: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a recorded program op by op and returns its outputs and updates. tfjs cannot hold a bfloat16, so what lies
 * between the given tensors and the results is known by the addon's ids only, and is freed after its last reader.
 */
export function replay(program: RecordedProgram, { inputs, state }: Given) {
  const given = new Map<number, Tensor>();
  for (const [name, id] of program.inputs) given.set(id, tensorNamed(inputs[name], name));
  for (const [name, id] of program.state) given.set(id, tensorNamed(state.get(name), name));
  const results = new Set([...program.outputs.values(), ...program.updates.values()]);
  const made = new Map([...program.constants].map(([id, constant]) => [id, created(constant)]));

  execute(program, {
    made,
    idFor: (id) => {
      const tensor = given.get(id);
      return tensor ? idOf(tensor) : made.get(id)!.id;
    },
    isKept: (id) => results.has(id),
  });

  const tensors = new Map([...results].map((id) => [id, given.get(id) ?? backend.createOutputTensor(made.get(id)!)]));
  for (const [id, { id: own }] of made) if (!results.has(id)) binding.deleteTensor(own); // constants that nothing read
  const named = (ids: ReadonlyMap<string, number>) => [...ids].map(([name, id]) => [name, tensors.get(id)!] as const);
  return { outputs: Object.fromEntries(named(program.outputs)), updates: new Map(named(program.updates)) };
}

interface Execution {
  /** What exists beside the given tensors, by the recording's ids. */
  readonly made: Map<number, OutputMetadata>;
  readonly idFor: (id: number) => number;
  readonly isKept: (id: number) => boolean;
}

function execute({ ops }: RecordedProgram, { made, idFor, isKept }: Execution): void {
  const lastReaders = new Map(ops.flatMap((op, at) => op.inputs.map((id) => [id, at] as const)));
  const free = (id: number) => {
    const tensor = made.get(id);
    if (!tensor || isKept(id)) return;
    binding.deleteTensor(tensor.id);
    made.delete(id);
  };
  for (const [at, op] of ops.entries()) {
    const outputs = binding.executeOp(op.name, op.attributes, op.inputs.map(idFor), op.outputs.length);
    op.outputs.forEach(({ id }, index) => made.set(id, outputs[index]!));
    for (const id of op.inputs) if (lastReaders.get(id) === at) free(id);
    for (const { id } of op.outputs) if (!lastReaders.has(id)) free(id);
  }
}

const created = ({ shape, dtype, values }: RecordedConstant): OutputMetadata => ({
  id: binding.createTensor(shape, dtype, values),
  shape: [...shape],
  dtype,
});

function tensorNamed(tensor: Tensor | undefined, name: string): Tensor {
  if (!tensor) throw new Error(`The step lacks ${name}.`);
  return tensor;
}
