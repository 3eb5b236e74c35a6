import type { LossPlan } from '../../src-shared/losses.ts';
import type { Tensor } from '../engine/tensorflow.ts';

export interface HeadParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard deviation of the normal draw; 0 for zeros. */
  readonly standardDeviation: number;
}

export interface LossInput<P extends LossPlan> {
  readonly plan: P;
  readonly embeddings: Tensor; // [batch, embeddingSize], not normalised
  readonly labels: Tensor; // int32 [batch]
  readonly parameters: ReadonlyMap<string, Tensor>;
}

export interface LossOutput {
  readonly loss: Tensor; // [batch], one value a sample
  readonly scores: Tensor; // [batch, classes], without margin: accuracy is read from these
}

/** A loss on top of the embedding with a learned head: one file each. */
export interface ClassificationLoss<P extends LossPlan = LossPlan> {
  head(options: { readonly classes: number; readonly embeddingSize: number }): readonly HeadParameter[];
  compute(input: LossInput<P>): LossOutput;
  /** Scores [batch, classes] without margin for inference. */
  scores(input: Omit<LossInput<P>, 'labels'>): Tensor;
}

/** Parameter of a head by name. Throws where it is missing. */
export function headParameter(parameters: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = parameters.get(name);
  if (!tensor) throw new Error(`The head's parameter ${name} is missing.`);
  return tensor;
}
