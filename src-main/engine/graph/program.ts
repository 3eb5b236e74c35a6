import type { Precision } from '../../../src-shared/trainingSchema.ts';
import type { Tensor } from '../tensorflow.ts';

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
  /** Numbers of the large operations; float32 without. */
  readonly precision?: Precision;
  run(
    inputs: Readonly<Record<string, Tensor>>,
    state: ReadonlyMap<string, Tensor>,
  ): {
    readonly outputs: Readonly<Record<string, Tensor>>;
    readonly updates: ReadonlyMap<string, Tensor>;
  };
}
