import type { LossPlan, MetricLossPlan } from '../../src-shared/losses.ts';
import type { Tensor } from '../engine/tensorflow.ts';

export interface HeadParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of the normal draw; 0 for zeros. */
  readonly standardDeviation: number;
  /** Rows of each class, one class behind the other. */
  readonly rowsPerClass: number;
}

/**
 * A number or table that the loss keeps from step to step; it is never trained, only changed by the loss's updates, and
 * goes into checkpoints.
 */
export interface HeadState {
  readonly name: string;
  readonly shape: readonly number[];
  /** The value of every element before the first step. */
  readonly initialValue: number;
  /** Rows of each class; absent where the state is not by class. */
  readonly rowsPerClass?: number;
}

/** Standard normal numbers that a training step of the loss is fed, so that it stays a pure function. */
export interface LossNoise {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface HeadOptions<P> {
  readonly plan: P;
  readonly classes: number;
  readonly embeddingSize: number;
}

export interface LossInput<P> {
  readonly plan: P;
  readonly embeddings: Tensor; // [batch, embeddingSize], not normalised
  readonly labels: Tensor; // int32 [batch]
  /** Trained parameters and kept state. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** False for inference: state is read as it is, nothing is drawn and no update is made. */
  readonly training: boolean;
  readonly noise: ReadonlyMap<string, Tensor>;
  /** Share of the margin that counts, a scalar from 0 to 1 while margin warm-up lasts; absent: all of it. */
  readonly marginShare?: Tensor | undefined;
}

export interface MetricLossOutput {
  readonly loss: Tensor; // [batch]: its mean is the loss of the batch
  /** New state by name, training only. */
  readonly updates?: ReadonlyMap<string, Tensor>;
}

export interface LossOutput extends MetricLossOutput {
  readonly scores: Tensor; // [batch, classes], without margin: accuracy is read from these
  /**
   * What the softmax sees, up to a positive factor: the margin is satisfied where the target is largest; absent without
   * class logits.
   */
  readonly logits?: Tensor; // [batch, classes]
  /** cos θ_y, where the target's score is another number. */
  readonly targetCosines?: Tensor; // [batch, 1]
  /** Unweighted mean of each term of a sum, by the loss's name; scalars. */
  readonly parts?: ReadonlyMap<string, Tensor>;
}

/** A loss that compares embeddings and has no class scores: one file each. */
export interface MetricLoss<P extends MetricLossPlan = MetricLossPlan> {
  state?(options: HeadOptions<P>): readonly HeadState[];
  compute(input: LossInput<P>): MetricLossOutput;
}

/** A loss on top of the embedding with a learned head: one file each. */
export interface ClassificationLoss<P extends LossPlan = LossPlan> {
  head(options: HeadOptions<P>): readonly HeadParameter[];
  state?(options: HeadOptions<P>): readonly HeadState[];
  noise?(options: { readonly plan: P; readonly batchSize: number }): readonly LossNoise[];
  compute(input: LossInput<P>): LossOutput;
  /** Scores [batch, classes] without margin for inference. */
  scores(input: Pick<LossInput<P>, 'plan' | 'embeddings' | 'parameters'>): Tensor;
}

/** Parameter or state of a head by name. Throws where it is missing. */
export function headParameter(parameters: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`The head's parameter ${name} is missing.`);
  return tensor;
}
