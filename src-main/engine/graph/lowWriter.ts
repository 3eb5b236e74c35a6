import { binding, type OpAttribute } from '../tensorflow.ts';
import { booleanAttribute, typeAttribute } from '../kernels/opAttributes.ts';
import type { RecordedConstant, RecordedOp } from './recording.ts';

/** TensorFlow's number of the type bfloat16, which the addon does not name. */
export const bfloat16 = 14;

/** Attributes of the type of an op's operands and results. */
export const lowType = (name = 'T'): OpAttribute => typeAttribute(name, bfloat16);

/** Writes a list of ops in which a tensor may be a float32, a bfloat16, or both. Tensors are ids of a recording. */
export interface LowWriter {
  readonly ops: readonly RecordedOp[];
  /** The shape of a tensor of the recording. */
  shapeOf(id: number): readonly number[];
  /** Whether a tensor was computed in bfloat16. */
  isLow(id: number): boolean;
  /** A tensor in bfloat16: as it was computed, or rounded once. */
  low(id: number): number;
  /**
   * A tensor in float32. What was computed in bfloat16 is widened; after the tensor `after`, where it is given, since
   * TensorFlow would else widen early what only the backward pass reads, and keep it until then.
   */
  float(id: number, after?: number): number;
  /** An int32 constant. */
  constant(shape: readonly number[], values: readonly number[]): number;
  /** Adds an op with one bfloat16 result and returns that. */
  write(name: string, attributes: readonly OpAttribute[], inputs: readonly number[]): number;
  /** Says that a tensor of the recording was computed in bfloat16, as `low`. */
  computedLow(id: number, low: number): void;
  /** Adds an op as it is. */
  add(op: RecordedOp): void;
  /** An id that nothing else has. */
  newId(): number;
}

export interface LowWriterOptions {
  readonly shapeOf: (id: number) => readonly number[];
  /** Tensors that are read outside the list, as float32. */
  readonly kept: ReadonlySet<number>;
  /** Receives the constants that are added. */
  readonly constants: Map<number, RecordedConstant>;
}

/** An empty list to write. */
export function createLowWriter({ shapeOf, kept, constants }: LowWriterOptions): LowWriter {
  const ops: RecordedOp[] = [];
  const computed = new Map<number, number>(); // in bfloat16, by the recording's ids
  const rounded = new Map<number, number>();
  const widened = new Map<number, number>();
  let last = Number.MIN_SAFE_INTEGER; // below all ids of a recording
  const newId = () => ++last;
  const cast = (id: number, { from, to, after, as = newId() }: CastOptions): number => {
    ops.push({
      name: 'Cast',
      attributes: [typeAttribute('SrcT', from), typeAttribute('DstT', to), booleanAttribute('Truncate', false)],
      inputs: [id],
      outputs: [{ id: as, shape: [], dtype: to }],
      ...(after === undefined ? {} : { after }),
    });
    return as;
  };
  const float32 = binding.TF_FLOAT;
  return {
    ops,
    shapeOf,
    newId,
    isLow: (id) => computed.has(id),
    low(id) {
      const known = computed.get(id) ?? rounded.get(id);
      if (known !== undefined) return known;
      const result = cast(id, { from: float32, to: bfloat16 });
      rounded.set(id, result);
      return result;
    },
    float(id, after) {
      const low = computed.get(id);
      if (low === undefined || kept.has(id)) return id;
      if (after !== undefined) return cast(low, { from: bfloat16, to: float32, after });
      const known = widened.get(id) ?? cast(low, { from: bfloat16, to: float32 });
      widened.set(id, known);
      return known;
    },
    constant(shape, values) {
      const id = newId();
      constants.set(id, { shape, dtype: binding.TF_INT32, values: Int32Array.from(values) });
      return id;
    },
    write(name, attributes, inputs) {
      const id = newId();
      ops.push({ name, attributes, inputs, outputs: [{ id, shape: [], dtype: bfloat16 }] });
      return id;
    },
    computedLow(id, low) {
      computed.set(id, low);
      if (kept.has(id)) cast(low, { from: bfloat16, to: float32, as: id });
    },
    add: (op) => ops.push(op),
  };
}

interface CastOptions {
  readonly from: number;
  readonly to: number;
  readonly after?: number | undefined;
  /** The id of the result; a new one without. */
  readonly as?: number;
}
