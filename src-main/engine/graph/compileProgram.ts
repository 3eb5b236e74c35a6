import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend, binding, tf, type ElementValues, type OpAttribute, type Tensor } from '../tensorflow.ts';
import { replaceRows, rowsAt } from '../kernels.ts';
import { savedModelBytes, type AttributeValue, type GraphNode } from './graphDefinition.ts';
import { joinSums } from './joinSums.ts';
import { record } from './recording.ts';

export type ElementType = 'float32' | 'int32' | 'uint8';
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}
export interface StateSpec {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A step as a pure function: named inputs and state in, named outputs and changed state out; all float32 or int32. */
export interface Program {
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /**
   * State of which the program sees and changes some rows alone, by the int32 input [count] that names them, each once;
   * the others are neither read nor copied.
   */
  readonly rows?: ReadonlyMap<string, string>;
  run(
    inputs: Readonly<Record<string, Tensor>>,
    state: ReadonlyMap<string, Tensor>,
  ): {
    readonly outputs: Readonly<Record<string, Tensor>>;
    readonly updates: ReadonlyMap<string, Tensor>;
  };
}

/** Programs that share one state; weights stay inside the engine between steps. */
export interface Machine {
  /** Runs one step; each output comes back as a Float32Array. Throws what TensorFlow says. */
  step(
    program: string,
    inputs: Readonly<Record<string, Uint8Array | Float32Array | Int32Array>>,
  ): Record<string, Float32Array>;
  readState(names?: readonly string[]): Map<string, Float32Array>;
  writeState(values: ReadonlyMap<string, Float32Array>): void;
  dispose(): void;
}

const elementTypes = (): Record<ElementType, number> => ({
  float32: binding.TF_FLOAT,
  int32: binding.TF_INT32,
  uint8: binding.TF_UINT8,
});

// Eager execution infers these; a GraphDef must write them. Value: the input whose type it is.
const inferredTypes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
};

function attributeOf(attribute: OpAttribute): AttributeValue {
  const { type, value } = attribute;
  if (type === binding.TF_ATTR_STRING) return { kind: 'string', value: String(value) };
  if (type === binding.TF_ATTR_FLOAT) return { kind: 'float', value: Number(value) };
  if (type === binding.TF_ATTR_BOOL) return { kind: 'boolean', value: Boolean(value) };
  if (type === binding.TF_ATTR_TYPE) return { kind: 'type', value: Number(value) };
  if (type === binding.TF_ATTR_SHAPE) return { kind: 'shape', value: value as readonly number[] };
  return Array.isArray(value)
    ? { kind: 'integers', value: value as readonly number[] }
    : { kind: 'integer', value: Number(value) };
}

const bytesOf = (values: ElementValues) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function tensorFromValues(spec: { shape: readonly number[]; dtype: number }, values: ElementValues): Tensor {
  return backend.createOutputTensor({
    id: binding.createTensor(spec.shape, spec.dtype, values),
    shape: [...spec.shape],
    dtype: spec.dtype,
  });
}

const idOf = (tensor: Tensor) => backend.getInputTensorIds([tensor])[0] as number;

/** Runs programs op by op: the reference that the compiled machine must equal. */
export function createEagerMachine(
  programs: Readonly<Record<string, Program>>,
  initialState: ReadonlyMap<string, StateSpec>,
): Machine {
  const types = elementTypes();
  const state = new Map<string, Tensor>();
  for (const [name, { shape, values }] of initialState)
    state.set(name, tensorFromValues({ shape, dtype: types.float32 }, values));
  return {
    step(programName, values) {
      const program = programs[programName];
      if (!program) throw new Error(`There is no program ${programName}.`);
      const result: Record<string, Float32Array> = {};
      tf.engine().startScope(programName);
      try {
        const inputs: Record<string, Tensor> = {};
        for (const [name, { shape, dtype }] of Object.entries(program.inputs))
          inputs[name] = tensorFromValues({ shape, dtype: types[dtype] }, requireInput(values, name));
        const seen = new Map(
          [...state].map(([name, tensor]) => [
            name,
            program.rows?.has(name) ? rowsAt(tensor, inputs[program.rows.get(name) as string] as Tensor) : tensor,
          ]),
        );
        const { outputs, updates } = program.run(inputs, seen);
        for (const [name, tensor] of Object.entries(outputs)) result[name] = Float32Array.from(tensor.dataSync());
        for (const [name, tensor] of updates) {
          const rows = inputs[program.rows?.get(name) ?? ''];
          const next = tf.keep(rows ? replaceRows(requireTensor(state, name), rows, tensor) : tensor.clone());
          state.get(name)?.dispose();
          state.set(name, next);
        }
      } finally {
        tf.engine().endScope();
      }
      return result;
    },
    readState: (names = [...state.keys()]) =>
      new Map(names.map((name) => [name, Float32Array.from(requireTensor(state, name).dataSync())])),
    writeState(values) {
      for (const [name, content] of values) {
        const old = requireTensor(state, name);
        state.set(name, tensorFromValues({ shape: old.shape, dtype: types.float32 }, content));
        old.dispose();
      }
    },
    dispose: () => {
      for (const tensor of state.values()) tensor.dispose();
    },
  };
}

function requireTensor(state: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = state.get(name);
  if (!tensor) throw new Error(`There is no state ${name}.`);
  return tensor;
}

function requireInput(values: Readonly<Record<string, ElementValues>>, name: string): ElementValues {
  const value = values[name];
  if (!value) throw new Error(`The step lacks its input ${name}.`);
  return value;
}

/**
 * Traces each program once and returns them as one TensorFlow graph in a session. tfjs would run a step one operation
 * at a time, which is several times slower (docs/ARCHITECTURE.md, "The step compiler").
 */
export function compileMachine(
  programs: Readonly<Record<string, Program>>,
  initialState: ReadonlyMap<string, StateSpec>,
): Machine {
  const types = elementTypes();
  const nodes: GraphNode[] = [];
  const emit = (name: string, op: string, inputs: readonly string[], attributes: Record<string, AttributeValue>) => {
    nodes.push({ name, op, inputs, attributes: new Map(Object.entries(attributes)) });
    return name;
  };
  const float = { kind: 'type', value: types.float32 } as const;
  const stateNames = [...initialState.keys()];
  const key = new Map(stateNames.map((name, index) => [name, `state/${index}`]));
  const keyOf = (name: string) => {
    const result = key.get(name);
    if (result === undefined) throw new Error(`There is no state ${name}.`);
    return result;
  };
  for (const [name, { shape }] of initialState) {
    const node = keyOf(name);
    emit(node, 'VarHandleOp', [], {
      dtype: float,
      shape: { kind: 'shape', value: shape },
      shared_name: { kind: 'string', value: node },
      container: { kind: 'string', value: '' },
    });
    emit(`${node}/save`, 'ReadVariableOp', [node], { dtype: float });
    emit(`${node}/feed`, 'Placeholder', [], { dtype: float, shape: { kind: 'shape', value: shape } });
    emit(`${node}/restore`, 'AssignVariableOp', [node, `${node}/feed`], { dtype: float });
    emit(`${node}/restored`, 'Identity', [`${node}/feed`, `^${node}/restore`], { T: float });
  }
  const fetches = new Map<string, readonly string[]>();
  for (const [programName, program] of Object.entries(programs)) {
    fetches.set(programName, traceProgram({ programName, program, initialState, emit, keyOf }));
  }
  const folder = mkdtempSync(join(tmpdir(), 'arcbench-graph-'));
  let session: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModelBytes(nodes));
    session = binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  const run = (feeds: readonly { name: string; id: number }[], outputs: readonly string[]): Float32Array[] => {
    const metadata = binding.runSavedModel(
      session,
      feeds.map((feed) => feed.id),
      feeds.map((feed) => feed.name).join(','),
      outputs.join(','),
    );
    for (const feed of feeds) binding.deleteTensor(feed.id);
    return metadata.map(({ id }) => {
      const values = binding.tensorDataSync(id);
      binding.deleteTensor(id);
      return values instanceof Float32Array ? values : Float32Array.from(values as Int32Array);
    });
  };
  const machine: Machine = {
    step(programName, values) {
      const program = programs[programName];
      const outputs = fetches.get(programName);
      if (!program || !outputs) throw new Error(`There is no program ${programName}.`);
      const feeds = Object.entries(program.inputs).map(([name, { shape, dtype }]) => ({
        name: `${programName}/in/${name}`,
        id: binding.createTensor(shape, types[dtype], requireInput(values, name)),
      }));
      const results = run(
        feeds,
        outputs.map((name) => `${programName}/out/${name}`),
      );
      return Object.fromEntries(outputs.map((name, index) => [name, results[index] as Float32Array]));
    },
    readState(names = stateNames) {
      const values = run(
        [],
        names.map((name) => `${keyOf(name)}/save`),
      );
      return new Map(names.map((name, index) => [name, values[index] as Float32Array]));
    },
    writeState(values) {
      for (const [name, content] of values) {
        const spec = initialState.get(name);
        if (!spec || spec.values.length !== content.length)
          throw new Error(`The state ${name} expects ${spec?.values.length ?? 0} numbers, not ${content.length}.`);
        run(
          [{ name: `${keyOf(name)}/feed`, id: binding.createTensor(spec.shape, types.float32, content) }],
          [`${keyOf(name)}/restored`],
        );
      }
    },
    dispose: () => binding.deleteSavedModel(session),
  };
  machine.writeState(new Map([...initialState].map(([name, { values }]) => [name, values])));
  return machine;
}

interface TraceOptions {
  readonly programName: string;
  readonly program: Program;
  readonly initialState: ReadonlyMap<string, StateSpec>;
  readonly emit: (
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue>,
  ) => string;
  readonly keyOf: (name: string) => string;
}

function traceProgram({ programName, program, initialState, emit, keyOf }: TraceOptions): readonly string[] {
  const types = elementTypes();
  const [float, indexes] = [
    { kind: 'type', value: types.float32 },
    { kind: 'type', value: types.int32 },
  ] as const;
  const source = new Map<number, { name: string; dtype: number }>();
  tf.engine().startScope(programName);
  try {
    const inputs: Record<string, Tensor> = {};
    for (const [name, { shape, dtype }] of Object.entries(program.inputs)) {
      const count = shape.reduce((product, size) => product * size, 1);
      const values =
        dtype === 'uint8'
          ? new Uint8Array(count)
          : dtype === 'int32'
            ? new Int32Array(count)
            : new Float32Array(count).fill(0.5);
      const tensor = tensorFromValues({ shape, dtype: types[dtype] }, values);
      inputs[name] = tensor;
      const node = emit(`${programName}/in/${name}`, 'Placeholder', [], {
        dtype: { kind: 'type', value: types[dtype] },
        shape: { kind: 'shape', value: shape },
      });
      source.set(idOf(tensor), { name: node, dtype: types[dtype] });
    }
    const state = new Map<string, Tensor>();
    const reads = new Map<string, string>();
    for (const [name, { shape, values }] of initialState) {
      const rows = program.rows?.get(name);
      const traced = rows === undefined ? shape : [program.inputs[rows]?.shape[0] ?? 0, ...shape.slice(1)];
      const tensor = tensorFromValues(
        { shape: traced, dtype: types.float32 },
        rows === undefined
          ? values
          : values.slice(
              0,
              traced.reduce((a, b) => a * b, 1),
            ),
      );
      state.set(name, tensor);
      source.set(idOf(tensor), { name: `${programName}/read/${keyOf(name)}`, dtype: types.float32 });
    }
    let result: ReturnType<Program['run']> | undefined;
    const recording = record(() => {
      result = program.run(inputs, state);
      // Values that were never used by an op are written to the engine now, inside the recording.
      for (const tensor of [...Object.values(result.outputs), ...result.updates.values()]) idOf(tensor);
    });
    if (!result) throw new Error(`The program ${programName} returned nothing.`);
    const inputName = (id: number): { name: string; dtype: number } => {
      const known = source.get(id);
      if (known) return known;
      const constant = recording.constants.get(id);
      if (!constant)
        throw new Error(`The program ${programName} used a tensor that is neither input, state, constant nor result.`);
      const name = emit(`${programName}/constant/${id}`, 'Const', [], {
        dtype: { kind: 'type', value: constant.dtype },
        value: { kind: 'tensor', dtype: constant.dtype, shape: constant.shape, content: bytesOf(constant.values) },
      });
      const entry = { name, dtype: constant.dtype };
      source.set(id, entry);
      return entry;
    };
    // A variable that this program only writes is still read first, so that its write waits for the old value's
    // readers.
    for (const name of initialState.keys()) {
      const node = `${programName}/read/${keyOf(name)}`;
      const rows = program.rows?.get(name);
      reads.set(
        name,
        rows === undefined
          ? emit(node, 'ReadVariableOp', [keyOf(name)], { dtype: float })
          : emit(node, 'ResourceGather', [keyOf(name), `${programName}/in/${rows}`], {
              dtype: float,
              Tindices: indexes,
              batch_dims: { kind: 'integer', value: 0 },
              validate_indices: { kind: 'boolean', value: true },
            }),
      );
    }
    const kept = new Set([...Object.values(result.outputs), ...result.updates.values()].map(idOf));
    joinSums(recording, kept).forEach((op, index) => {
      const operands = op.inputs.map(inputName);
      const attributes = Object.fromEntries(op.attributes.map((attribute) => [attribute.name, attributeOf(attribute)]));
      for (const [attribute, operand] of Object.entries(inferredTypes[op.name] ?? {})) {
        attributes[attribute] ??= { kind: 'type', value: operands[operand]?.dtype ?? types.float32 };
      }
      const name = emit(
        `${programName}/${op.name}_${index}`,
        op.name,
        operands.map((operand) => operand.name),
        attributes,
      );
      op.outputs.forEach((output, position) =>
        source.set(output.id, { name: position === 0 ? name : `${name}:${position}`, dtype: output.dtype }),
      );
    });
    const assigned: string[] = [];
    for (const [name, tensor] of result.updates) {
      const read = reads.get(name);
      const rows = program.rows?.get(name);
      const value = inputName(idOf(tensor)).name;
      const node = `${programName}/assign/${keyOf(name)}`;
      assigned.push(
        `^${
          rows === undefined
            ? emit(node, 'AssignVariableOp', [keyOf(name), value, `^${read}`], { dtype: float })
            : emit(node, 'ResourceScatterUpdate', [keyOf(name), `${programName}/in/${rows}`, value, `^${read}`], {
                dtype: float,
                Tindices: indexes,
              })
        }`,
      );
    }
    for (const [name, tensor] of Object.entries(result.outputs)) {
      const output = inputName(idOf(tensor));
      emit(`${programName}/out/${name}`, 'Identity', [output.name, ...assigned], {
        T: { kind: 'type', value: output.dtype },
      });
    }
    return Object.keys(result.outputs);
  } finally {
    tf.engine().endScope();
  }
}
