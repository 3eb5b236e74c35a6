import { lowUnits } from '../processor.ts';
import { backend, binding, tf, type Tensor } from '../tensorflow.ts';
import { joinSums } from './joinSums.ts';
import { lowerPrecision } from './lowerPrecision.ts';
import type { ElementType, Program } from './program.ts';
import { hollowTensor, record, type RecordedConstant, type RecordedOp, type Recording } from './recording.ts';

/** What a program does, as ops between tensors that are known by ids. */
export interface RecordedProgram {
  readonly ops: readonly RecordedOp[];
  readonly constants: ReadonlyMap<number, RecordedConstant>;
  /** The tensors that stand for inputs and state, and those that are results, by name. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly state: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
  readonly updates: ReadonlyMap<string, number>;
}

/** TensorFlow's numbers of the types of inputs. */
export const elementTypes = (): Record<ElementType, number> => ({
  float32: binding.TF_FLOAT,
  int32: binding.TF_INT32,
  uint8: binding.TF_UINT8,
});

/** The addon's id of a tensor. */
export const idOf = (tensor: Tensor) => backend.getInputTensorIds([tensor])[0] as number;

/** Runs a program on tensors that have only shapes, and returns what it did, in the program's precision. */
export function recordProgram(
  programName: string,
  program: Program,
  shapes: ReadonlyMap<string, readonly number[]>,
): RecordedProgram {
  tf.engine().startScope(programName);
  try {
    const inputs = hollowInputs(program);
    const state = hollowState(program, shapes);
    let result: ReturnType<Program['run']> | undefined;
    const recording = record(() => {
      result = program.run(inputs, state);
      // A result that no op has used is handed to the engine only now: it must happen inside the recording.
      for (const tensor of [...Object.values(result.outputs), ...result.updates.values()]) idOf(tensor);
    });
    if (!result) throw new Error(`The program ${programName} returned nothing.`);
    const named = (tensors: Iterable<readonly [string, Tensor]>) =>
      new Map([...tensors].map(([name, tensor]) => [name, idOf(tensor)]));
    const outputs = named(Object.entries(result.outputs));
    const updates = named(result.updates);
    const given = [...Object.values(inputs), ...state.values()];
    return {
      ...inPrecision(program, recording, { given, kept: new Set([...outputs.values(), ...updates.values()]) }),
      inputs: named(Object.entries(inputs)),
      state: named(state),
      outputs,
      updates,
    };
  } finally {
    tf.engine().endScope();
  }
}

/** The ops of a recording without needless sums and in the program's precision, and the constants that they read. */
function inPrecision(
  { precision }: Program,
  recording: Recording,
  { given, kept }: { readonly given: readonly Tensor[]; readonly kept: ReadonlySet<number> },
): Recording {
  const ops = joinSums(recording, kept);
  if (precision !== 'bfloat16') return { ops, constants: recording.constants };
  const constants = new Map(recording.constants);
  const shapes = shapesOf(recording, given);
  const units = lowUnits();
  if (!units) throw new Error('A program in bfloat16 was started on a processor without it.');
  return { ops: lowerPrecision(ops, { shapeOf: (id) => shapes.get(id) ?? [], kept, constants, units }), constants };
}

/** The shapes of all tensors of a recording and of those that it started with, by id. */
function shapesOf(recording: Recording, given: readonly Tensor[]): Map<number, readonly number[]> {
  return new Map<number, readonly number[]>([
    ...given.map((tensor) => [idOf(tensor), tensor.shape] as const),
    ...[...recording.constants].map(([id, { shape }]) => [id, shape] as const),
    ...recording.ops.flatMap((op) => op.outputs.map(({ id, shape }) => [id, shape] as const)),
  ]);
}

/** A tensor of each input's shape. */
function hollowInputs(program: Program): Record<string, Tensor> {
  const types = elementTypes();
  return Object.fromEntries(
    Object.entries(program.inputs).map(([name, { shape, dtype }]) => [
      name,
      hollowTensor({ shape: [...shape], dtype: types[dtype] }),
    ]),
  );
}

/** A tensor for each state, of its shape or of as many rows as the program sees. */
function hollowState(program: Program, shapes: ReadonlyMap<string, readonly number[]>): Map<string, Tensor> {
  return new Map(
    [...shapes].map(([name, shape]) => {
      const rows = program.rows?.get(name);
      const seen = rows === undefined ? shape : [program.inputs[rows]?.shape[0] ?? 0, ...shape.slice(1)];
      return [name, hollowTensor({ shape: [...seen], dtype: binding.TF_FLOAT })];
    }),
  );
}
