import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { temporaryFault } from '../../files/temporaryFault.ts';
import { backend, binding, tf, type ElementValues, type OpAttribute, type Tensor } from '../tensorflow.ts';
import { replaceRows, rowsAt } from '../kernels/tableEntries.ts';
import { savedModelBytes, type AttributeValue, type GraphNode } from './graphDefinition.ts';
import { joinSums } from './joinSums.ts';
import { hollowTensor, record, type RecordedConstant, type RecordedOp } from './recording.ts';

export type ElementType = 'float32' | 'int32' | 'uint8';
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}
export interface StateSpec {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A step as a pure function from named inputs and state to named outputs and changed state, all float32 or int32. */
export interface Program {
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /**
   * State of which the program sees and changes only some rows, each with the int32 input [count] that names them,
   * every row at most once. The other rows are neither read nor copied.
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

/** Programs that share one state. Weights stay inside the engine between steps. */
export interface Machine {
  /** Runs one step and returns its outputs as Float32Arrays. Throws TensorFlow's error. */
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

// Type attributes that eager execution infers and a GraphDef must write; the value is the input that has the type.
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

/** Runs programs op by op: the reference that the compiled machine must match. */
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
  const shapes = new Map([...initialState].map(([name, { shape }]) => [name, shape])); // the values are not kept
  const stateNames = [...shapes.keys()];
  const keys = new Map(stateNames.map((name, index) => [name, `state/${index}`]));
  const keyOf = (name: string) => {
    const key = keys.get(name);
    if (key === undefined) throw new Error(`There is no state ${name}.`);
    return key;
  };

  // Write the graph: the state's variables, then each program's ops.
  const nodes: GraphNode[] = [];
  const emit: Emit = (name, op, inputs, attributes) => {
    nodes.push({ name, op, inputs, attributes: new Map(Object.entries(attributes)) });
    return name;
  };
  for (const [name, shape] of shapes) emitVariable(emit, keyOf(name), shape);
  const fetches = new Map(
    Object.entries(programs).map(([programName, program]) => [
      programName,
      traceProgram({ programName, program, shapes, emit, keyOf }),
    ]),
  );
  const session = loadGraph(nodes);

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
        const shape = shapes.get(name);
        if (!shape || elementCount(shape) !== content.length)
          throw new Error(`The state ${name} expects ${elementCount(shape ?? [0])} numbers, not ${content.length}.`);
      }
      if (values.size === 0) return;
      // All in one run: each new list of feeds makes TensorFlow walk the whole graph.
      run(
        [...values].map(([name, content]) => ({
          name: `${keyOf(name)}/feed`,
          id: binding.createTensor(shapes.get(name) ?? [], types.float32, content),
        })),
        [...values.keys()].map((name) => `${keyOf(name)}/restored`),
      );
    },
    dispose: () => binding.deleteSavedModel(session),
  };
  machine.writeState(new Map([...initialState].map(([name, { values }]) => [name, values])));
  return machine;
}

type Attributes = Readonly<Record<string, AttributeValue>>;
/** Adds a node to the graph and returns its name. */
type Emit = (name: string, op: string, inputs: readonly string[], attributes: Attributes) => string;

const typeValue = (dtype: number): AttributeValue => ({ kind: 'type', value: dtype });
const shapeValue = (shape: readonly number[]): AttributeValue => ({ kind: 'shape', value: shape });

/** A variable with the nodes that read it (`/save`) and set it (`/feed`, `/restored`, which is empty) from outside. */
function emitVariable(emit: Emit, key: string, shape: readonly number[]): void {
  const float = typeValue(binding.TF_FLOAT);
  emit(key, 'VarHandleOp', [], {
    dtype: float,
    shape: shapeValue(shape),
    shared_name: { kind: 'string', value: key },
    container: { kind: 'string', value: '' },
  });
  emit(`${key}/save`, 'ReadVariableOp', [key], { dtype: float });
  emit(`${key}/feed`, 'Placeholder', [], { dtype: float, shape: shapeValue(shape) });
  emit(`${key}/restore`, 'AssignVariableOp', [key, `${key}/feed`], { dtype: float });
  const nothing: AttributeValue = { kind: 'tensor', dtype: binding.TF_FLOAT, shape: [0], content: new Uint8Array(0) };
  emit(`${key}/restored`, 'Const', [`^${key}/restore`], { dtype: float, value: nothing });
}

/** Loads a graph into a session and returns the session's id. */
function loadGraph(nodes: readonly GraphNode[]): number {
  const folder = temporaryFolder();
  try {
    writeGraph(join(folder, 'saved_model.pb'), savedModelBytes(nodes));
    return binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'arcbench-graph-'));
  } catch (error) {
    throw temporaryFault(error);
  }
}

function writeGraph(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw temporaryFault(error);
  }
}

interface TraceOptions {
  readonly programName: string;
  readonly program: Program;
  /** The shapes of the state by name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly emit: Emit;
  /** The node of a state's variable. */
  readonly keyOf: (name: string) => string;
}

/** Where in the graph a tensor comes from. */
interface Source {
  readonly name: string;
  readonly dtype: number;
}

/** Records a program and writes what it did into the graph. Returns the names of its outputs. */
function traceProgram(options: TraceOptions): readonly string[] {
  const { programName, program, emit } = options;
  const sources = new Map<number, Source>(); // by the addon's tensor ids
  tf.engine().startScope(programName);
  try {
    // Run it on tensors that have only shapes, and record every op.
    const inputs = traceInputs(options, sources);
    const state = traceState(options, sources);
    let result: ReturnType<Program['run']> | undefined;
    const recording = record(() => {
      result = program.run(inputs, state);
      // A result that no op has used is handed to the engine only now: it must happen inside the recording.
      for (const tensor of [...Object.values(result.outputs), ...result.updates.values()]) idOf(tensor);
    });
    if (!result) throw new Error(`The program ${programName} returned nothing.`);
    const { outputs, updates } = result;

    // Write reads, ops, assignments and outputs, in this order.
    const sourceOf = (id: number): Source => {
      const known = sources.get(id);
      if (known) return known;
      const constant = emitConstant(options, id, recording.constants.get(id));
      sources.set(id, constant);
      return constant;
    };
    const reads = emitReads(options);
    const kept = new Set([...Object.values(outputs), ...updates.values()].map(idOf));
    joinSums(recording, kept).forEach((op, index) => {
      const name = emitOp(emit, `${programName}/${op.name}_${index}`, { op, operands: op.inputs.map(sourceOf) });
      op.outputs.forEach((output, position) =>
        sources.set(output.id, { name: position === 0 ? name : `${name}:${position}`, dtype: output.dtype }),
      );
    });
    const assigned = [...updates].map(([name, tensor]) =>
      emitAssignment(options, name, { value: sourceOf(idOf(tensor)).name, read: reads.get(name) }),
    );
    for (const [name, tensor] of Object.entries(outputs)) {
      const output = sourceOf(idOf(tensor));
      // Control edges: a fetched output waits for all assignments.
      const edges = assigned.map((node) => `^${node}`);
      emit(`${programName}/out/${name}`, 'Identity', [output.name, ...edges], { T: typeValue(output.dtype) });
    }
    return Object.keys(outputs);
  } finally {
    tf.engine().endScope();
  }
}

/** A placeholder for each input, and a tensor of its shape to run the program on. */
function traceInputs({ programName, program, emit }: TraceOptions, sources: Map<number, Source>) {
  const types = elementTypes();
  const inputs: Record<string, Tensor> = {};
  for (const [name, spec] of Object.entries(program.inputs)) {
    const dtype = types[spec.dtype];
    const tensor = hollowTensor({ shape: [...spec.shape], dtype });
    inputs[name] = tensor;
    const node = emit(`${programName}/in/${name}`, 'Placeholder', [], {
      dtype: typeValue(dtype),
      shape: shapeValue(spec.shape),
    });
    sources.set(idOf(tensor), { name: node, dtype });
  }
  return inputs;
}

/** A tensor for each state, of its shape or of as many rows as the program sees. */
function traceState({ programName, program, shapes, keyOf }: TraceOptions, sources: Map<number, Source>) {
  const dtype = binding.TF_FLOAT;
  const state = new Map<string, Tensor>();
  for (const [name, shape] of shapes) {
    const rows = program.rows?.get(name);
    const seen = rows === undefined ? shape : [program.inputs[rows]?.shape[0] ?? 0, ...shape.slice(1)];
    const tensor = hollowTensor({ shape: [...seen], dtype });
    state.set(name, tensor);
    sources.set(idOf(tensor), { name: `${programName}/read/${keyOf(name)}`, dtype });
  }
  return state;
}

/**
 * A node for each state that reads its variable, whole or the program's rows of it; returns them by the state's name. A
 * variable that the program only writes is read too, so that its write waits for the readers of the old value.
 */
function emitReads({ programName, program, shapes, emit, keyOf }: TraceOptions): Map<string, string> {
  const float = typeValue(binding.TF_FLOAT);
  const reads = new Map<string, string>();
  for (const name of shapes.keys()) {
    const node = `${programName}/read/${keyOf(name)}`;
    const rows = program.rows?.get(name);
    if (rows === undefined) emit(node, 'ReadVariableOp', [keyOf(name)], { dtype: float });
    else
      emit(node, 'ResourceGather', [keyOf(name), `${programName}/in/${rows}`], {
        dtype: float,
        Tindices: typeValue(binding.TF_INT32),
        batch_dims: { kind: 'integer', value: 0 },
        validate_indices: { kind: 'boolean', value: true },
      });
    reads.set(name, node);
  }
  return reads;
}

function emitConstant({ programName, emit }: TraceOptions, id: number, constant: RecordedConstant | undefined): Source {
  if (!constant)
    throw new Error(`The program ${programName} used a tensor that is neither input, state, constant nor result.`);
  const { dtype, shape, values } = constant;
  const name = emit(`${programName}/constant/${id}`, 'Const', [], {
    dtype: typeValue(dtype),
    value: { kind: 'tensor', dtype, shape, content: bytesOf(values) },
  });
  return { name, dtype };
}

function emitOp(
  emit: Emit,
  name: string,
  { op, operands }: { readonly op: RecordedOp; readonly operands: readonly Source[] },
): string {
  const attributes: Record<string, AttributeValue> = {};
  for (const attribute of op.attributes) attributes[attribute.name] = attributeOf(attribute);
  for (const [attribute, operand] of Object.entries(inferredTypes[op.name] ?? {}))
    attributes[attribute] ??= typeValue(operands[operand]?.dtype ?? binding.TF_FLOAT);
  return emit(
    name,
    op.name,
    operands.map((operand) => operand.name),
    attributes,
  );
}

/** Sets a variable, whole or the program's rows of it, after it was read. */
function emitAssignment(
  { programName, program, emit, keyOf }: TraceOptions,
  name: string,
  { value, read }: { readonly value: string; readonly read: string | undefined },
): string {
  const float = typeValue(binding.TF_FLOAT);
  const node = `${programName}/assign/${keyOf(name)}`;
  const rows = program.rows?.get(name);
  if (rows === undefined) return emit(node, 'AssignVariableOp', [keyOf(name), value, `^${read}`], { dtype: float });
  return emit(node, 'ResourceScatterUpdate', [keyOf(name), `${programName}/in/${rows}`, value, `^${read}`], {
    dtype: float,
    Tindices: typeValue(binding.TF_INT32),
  });
}
