import type { LossPlan, MetricLossPlan } from '../../src-shared/losses.ts';
import type { Tensor } from '../engine/tensorflow.ts';

export interface HeadParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of the normal draw; 0 for zeros. */
  readonly standardDeviation: number;
  /** Rows of each class; the rows of one class follow each other. */
  readonly rowsPerClass: number;
}

/**
 * A number or table that the loss keeps from step to step. It is not trained: only the loss's own updates change it.
 * Checkpoints hold it.
 */
export interface HeadState {
  readonly name: string;
  readonly shape: readonly number[];
  /** The value of every element before the first step. */
  readonly initialValue: number;
  /** Rows of each class; absent where the state is not kept by class. */
  readonly rowsPerClass?: number;
}

/** Standard normal numbers that a training step is fed for the loss, so that the loss stays a pure function. */
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
  /** False for inference: state is read as it is, and nothing is drawn or updated. */
  readonly training: boolean;
  readonly noise: ReadonlyMap<string, Tensor>;
  /** The share of the margin that applies, a scalar from 0 to 1, during margin warm-up; absent: the whole margin. */
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
   * What the softmax gets, up to a positive factor. The margin is satisfied where the target is the largest. Absent
   * without class logits.
   */
  readonly logits?: Tensor; // [batch, classes]
  /** cos θ_y, where the target's score is not the cosine. */
  readonly targetCosines?: Tensor; // [batch, 1]
  /** The unweighted mean of each term of a sum, by the loss's name; scalars. */
  readonly parts?: ReadonlyMap<string, Tensor>;
}

/** A loss that compares embeddings and has no class scores. Each has a file of its own. */
export interface MetricLoss<P extends MetricLossPlan = MetricLossPlan> {
  state?(options: HeadOptions<P>): readonly HeadState[];
  compute(input: LossInput<P>): MetricLossOutput;
}

/** A loss on top of the embedding, with class scores and, for most, a trained head. Each has a file of its own. */
export interface ClassificationLoss<P extends LossPlan = LossPlan> {
  head(options: HeadOptions<P>): readonly HeadParameter[];
  state?(options: HeadOptions<P>): readonly HeadState[];
  noise?(options: { readonly plan: P; readonly batchSize: number }): readonly LossNoise[];
  compute(input: LossInput<P>): LossOutput;
  /** Scores [batch, classes] without a margin, for inference. */
  scores(input: Pick<LossInput<P>, 'plan' | 'embeddings' | 'parameters'>): Tensor;
}

/** A parameter or state of a head by name. Throws where it is missing. */
export function headParameter(parameters: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`The head's parameter ${name} is missing.`);
  return tensor;
}
