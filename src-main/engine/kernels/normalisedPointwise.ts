import { backend, type Tensor, tf } from '../tensorflow.ts';
import type { BatchNormState, BatchNormTrainingOptions } from './batchNormOptions.ts';
import { withGradientsOf } from './customGradient.ts';
import { floatAttribute, integerAttribute } from './opAttributes.ts';
import { rectifierCode } from './rectifier.ts';

/** Whether engine/native has a kernel that normalises on the way into a 1x1 convolution. */
export const isNormalisedPointwise = (input: Tensor): boolean => input.shape.at(-1)! % 16 === 0;

/**
 * Batch norm of [batch, height, width, in], rectifier and convolution by a filter [1, 1, in, out] in one op
 * (engine/native). It keeps only its input: what lies between is computed again for the gradients.
 */
export function normalisedPointwise(
  input: Tensor,
  state: BatchNormState,
  { epsilon, momentum, onStatistics, rectifier, pointwise }: BatchNormTrainingOptions & { pointwise: Tensor },
): Tensor {
  const slope = typeof rectifier === 'object' ? rectifier : tf.zeros([0]);
  const code = integerAttribute('rectifier', rectifierCode(rectifier));
  return withGradientsOf([input, state.scale, state.offset, slope, pointwise], (inputs, save) => {
    const [x, scale, offset, slopes, filter] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
      'NormalisedPointwise',
      [code, floatAttribute('epsilon', epsilon), floatAttribute('momentum', momentum)],
      [x, slopes, scale, offset, state.mean, state.variance, filter],
      5,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    save([x, slopes, scale, offset, mean, deviation, filter]);
    return {
      value,
      gradFunc: (dy, saved) => backend.executeMultipleOutputs('NormalisedPointwiseGrad', [code], [dy, ...saved], 5),
    };
  });
}
