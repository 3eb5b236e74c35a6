import type { Tensor } from '../tensorflow.ts';
import type { Padding } from './convolution.ts';
import type { Pooling } from './maxPool.ts';
import type { Rectifier } from './rectifier.ts';

/** A depthwise convolution by a filter [k, k, channels, 1]. */
export interface Depthwise {
  readonly filter: Tensor;
  readonly stride: number;
  readonly padding: Padding;
}

/** What a batch norm holds, each of [channels]. */
export interface BatchNormState {
  readonly scale: Tensor;
  readonly offset: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** How a batch norm is trained, and what follows it. */
export interface BatchNormTrainingOptions {
  readonly epsilon: number;
  readonly momentum: number;
  /** Receives the new running statistics, (1 - momentum) old + momentum batch; the variance is unbiased. */
  readonly onStatistics: (mean: Tensor, variance: Tensor) => void;
  /** Added to the normalised values. */
  readonly shortcut?: Tensor | undefined;
  /** The rectifier that follows, if any. */
  readonly rectifier?: Rectifier | undefined;
  /** Max pooling that follows the rectifier. */
  readonly pooling?: Pooling | undefined;
  /** A depthwise convolution that follows the rectifier, or batch norm itself. */
  readonly depthwise?: Depthwise | undefined;
  /** The filter [1, 1, in, out] of a convolution with stride 1 that follows the rectifier, or batch norm itself. */
  readonly pointwise?: Tensor | undefined;
  /** Asks for TensorFlow's own ops. */
  readonly direct?: boolean;
}
