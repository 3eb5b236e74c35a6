import { backend, type OpAttribute, type Tensor, tf } from '../tensorflow.ts';
import type { BatchNormState, BatchNormTrainingOptions, Depthwise } from './batchNormOptions.ts';
import { withGradientsOf } from './customGradient.ts';
import { depthwiseAttributes } from './depthwiseConvolution.ts';
import { floatAttribute, integerAttribute } from './opAttributes.ts';
import { rectifierCode } from './rectifier.ts';

/** Whether engine/native has a kernel that normalises on the way into this depthwise convolution. */
export const isNormalisedDepthwise = (input: Tensor, { filter: { shape } }: Depthwise): boolean =>
  isNormalisedPointwise(input) && (shape[0] === 3 || shape[0] === 5);

/** Whether engine/native has a kernel that normalises on the way into a 1x1 convolution. */
export const isNormalisedPointwise = (input: Tensor): boolean => input.shape.at(-1)! % 16 === 0;

/** Batch norm of [batch, height, width, channels], rectifier and depthwise convolution in one op. */
export const normalisedDepthwise = (
  input: Tensor,
  state: BatchNormState,
  { depthwise, ...options }: BatchNormTrainingOptions & { readonly depthwise: Depthwise },
): Tensor =>
  normalisedConvolution(input, state, {
    ...options,
    name: 'NormalisedDepthwise',
    filter: depthwise.filter,
    attributes: depthwiseAttributes(input, depthwise.filter, depthwise),
  });

/** Batch norm of [batch, height, width, in], rectifier and convolution by a filter [1, 1, in, out] in one op. */
export const normalisedPointwise = (
  input: Tensor,
  state: BatchNormState,
  { pointwise, ...options }: BatchNormTrainingOptions & { readonly pointwise: Tensor },
): Tensor =>
  normalisedConvolution(input, state, { ...options, name: 'NormalisedPointwise', filter: pointwise, attributes: [] });

interface NormalisedOptions extends BatchNormTrainingOptions {
  /** The op; that of its gradient is called after it. */
  readonly name: string;
  readonly filter: Tensor;
  /** Of the convolution. */
  readonly attributes: readonly OpAttribute[];
}

/** An op of engine/native that keeps only its input: what lies between is computed again for the gradients. */
function normalisedConvolution(
  input: Tensor,
  state: BatchNormState,
  { name, filter, attributes, epsilon, momentum, onStatistics, rectifier }: NormalisedOptions,
): Tensor {
  const slope = typeof rectifier === 'object' ? rectifier : tf.zeros([0]);
  const common = [...attributes, integerAttribute('rectifier', rectifierCode(rectifier))];
  return withGradientsOf([input, state.scale, state.offset, slope, filter], (inputs, save) => {
    const [x, scale, offset, slopes, weights] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
      name,
      [...common, floatAttribute('epsilon', epsilon), floatAttribute('momentum', momentum)],
      [x, slopes, scale, offset, state.mean, state.variance, weights],
      5,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    save([x, slopes, scale, offset, mean, deviation, weights]);
    return {
      value,
      gradFunc: (dy, saved) => backend.executeMultipleOutputs(`${name}Grad`, common, [dy, ...saved], 5),
    };
  });
}
