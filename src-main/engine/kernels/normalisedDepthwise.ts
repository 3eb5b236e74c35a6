import { backend, type Tensor, tf } from '../tensorflow.ts';
import type { BatchNormState, BatchNormTrainingOptions, Depthwise } from './batchNormOptions.ts';
import { withGradientsOf } from './customGradient.ts';
import { depthwiseAttributes } from './depthwiseConvolution.ts';
import { floatAttribute, integerAttribute } from './opAttributes.ts';
import { rectifierCode } from './rectifier.ts';

/** Whether engine/native has a kernel that normalises on the way into this convolution. */
export const isNormalisedDepthwise = (input: Tensor, { filter: { shape } }: Depthwise): boolean =>
  input.shape.at(-1)! % 16 === 0 && (shape[0] === 3 || shape[0] === 5);

/**
 * Batch norm of [batch, height, width, channels], rectifier and depthwise convolution in one op (engine/native). It
 * keeps only its input: what lies between is computed again for the gradients.
 */
export function normalisedDepthwise(
  input: Tensor,
  state: BatchNormState,
  { epsilon, momentum, onStatistics, rectifier, depthwise }: BatchNormTrainingOptions & { depthwise: Depthwise },
): Tensor {
  const slope = typeof rectifier === 'object' ? rectifier : tf.zeros([0]);
  const attributes = [
    ...depthwiseAttributes(input, depthwise.filter, depthwise),
    integerAttribute('rectifier', rectifierCode(rectifier)),
  ];
  return withGradientsOf([input, state.scale, state.offset, slope, depthwise.filter], (inputs, save) => {
    const [x, scale, offset, slopes, filter] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
      'NormalisedDepthwise',
      [...attributes, floatAttribute('epsilon', epsilon), floatAttribute('momentum', momentum)],
      [x, slopes, scale, offset, state.mean, state.variance, filter],
      5,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    save([x, slopes, scale, offset, mean, deviation, filter]);
    return {
      value,
      gradFunc: (dy, saved) => backend.executeMultipleOutputs('NormalisedDepthwiseGrad', attributes, [dy, ...saved], 5),
    };
  });
}
