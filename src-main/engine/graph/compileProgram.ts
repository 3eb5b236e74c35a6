import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { temporaryFault } from '../../files/temporaryFault.ts';
import { backend, binding, tf, type ElementValues, type OpAttribute, type Tensor } from '../tensorflow.ts';
import { replaceRows, rowsAt } from '../kernels/tableEntries.ts';
import { savedModelBytes, type AttributeValue, type GraphNode } from './graphDefinition.ts';
import type { Program, StateSpec } from './program.ts';
import type { RecordedConstant, RecordedOp } from './recording.ts';
import { elementTypes, recordProgram, type RecordedProgram } from './recordProgram.ts';
import { replay, type Given } from './replay.ts';

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

/** Runs programs op by op: the reference that the compiled machine must match. */
export function createEagerMachine(
  programs: Readonly<Record<string, Program>>,
  initialState: ReadonlyMap<string, StateSpec>,
): Machine {
  const types = elementTypes();
  const state = new Map<string, Tensor>();
  const runLow = lowRunner(new Map([...initialState].map(([name, { shape }]) => [name, shape])));
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
        const { outputs, updates } =
          program.precision === 'bfloat16'
            ? runLow({ programName, program }, { inputs, state: seen })
            : program.run(inputs, seen);
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

/** Runs programs in bfloat16 op by op, by a record of each that is made once. */
function lowRunner(shapes: ReadonlyMap<string, readonly number[]>) {
  const recorded = new Map<string, RecordedProgram>();
  return ({ programName, program }: { programName: string; program: Program }, given: Given) => {
    const known = recorded.get(programName) ?? recordProgram(programName, program, shapes);
    recorded.set(programName, known);
    return replay(known, given);
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
  const { programName, program, shapes, emit } = options;
  const recorded = recordProgram(programName, program, shapes);
  const sources = givenSources(options, recorded);
  const sourceOf = (id: number): Source => {
    const known = sources.get(id);
    if (known) return known;
    const constant = emitConstant(options, id, recorded.constants.get(id));
    sources.set(id, constant);
    return constant;
  };

  // Write reads, ops, assignments and outputs, in this order.
  const reads = emitReads(options);
  for (const [index, op] of recorded.ops.entries()) {
    const name = emitOp(emit, `${programName}/${op.name}_${index}`, {
      op,
      operands: op.inputs.map(sourceOf),
      after: op.after === undefined ? undefined : sourceOf(op.after),
    });
    op.outputs.forEach((output, position) =>
      sources.set(output.id, { name: position === 0 ? name : `${name}:${position}`, dtype: output.dtype }),
    );
  }
  const assigned = [...recorded.updates].map(([name, id]) =>
    emitAssignment(options, name, { value: sourceOf(id).name, read: reads.get(name) }),
  );
  for (const [name, id] of recorded.outputs) {
    const output = sourceOf(id);
    // Control edges: a fetched output waits for all assignments.
    const edges = assigned.map((node) => `^${node}`);
    emit(`${programName}/out/${name}`, 'Identity', [output.name, ...edges], { T: typeValue(output.dtype) });
  }
  return [...recorded.outputs.keys()];
}

/** Writes a placeholder for each input, and says where inputs and state come from. */
function givenSources({ programName, program, emit, keyOf }: TraceOptions, recorded: RecordedProgram) {
  const types = elementTypes();
  const sources = new Map<number, Source>(); // by the addon's tensor ids
  for (const [name, { shape, dtype }] of Object.entries(program.inputs)) {
    const node = emit(`${programName}/in/${name}`, 'Placeholder', [], {
      dtype: typeValue(types[dtype]),
      shape: shapeValue(shape),
    });
    sources.set(recorded.inputs.get(name) as number, { name: node, dtype: types[dtype] });
  }
  for (const [name, id] of recorded.state)
    sources.set(id, { name: `${programName}/read/${keyOf(name)}`, dtype: binding.TF_FLOAT });
  return sources;
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

function emitOp(emit: Emit, name: string, { op, operands, after }: EmittedOp): string {
  const attributes: Record<string, AttributeValue> = {};
  for (const attribute of op.attributes) attributes[attribute.name] = attributeOf(attribute);
  for (const [attribute, operand] of Object.entries(inferredTypes[op.name] ?? {}))
    attributes[attribute] ??= typeValue(operands[operand]?.dtype ?? binding.TF_FLOAT);
  return emit(
    name,
    op.name,
    [...operands.map((operand) => operand.name), ...(after ? [`^${after.name.replace(/:\d+$/, '')}`] : [])],
    attributes,
  );
}
interface EmittedOp {
  readonly op: RecordedOp;
  readonly operands: readonly Source[];
  /** What must be there before, though it is not read. */
  readonly after: Source | undefined;
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
