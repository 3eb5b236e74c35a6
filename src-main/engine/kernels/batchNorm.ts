import { backend, type Tensor, tf } from '../tensorflow.ts';
import type { BatchNormState, BatchNormTrainingOptions } from './batchNormOptions.ts';
import { conv2d } from './convolution.ts';
import { withGradientsOf, withThreeGradients } from './customGradient.ts';
import { depthwiseConv2d } from './depthwiseConvolution.ts';
import { maxPool, type Pooling } from './maxPool.ts';
import {
  isNormalisedDepthwise,
  isNormalisedPointwise,
  normalisedDepthwise,
  normalisedPointwise,
} from './normalisedConvolution.ts';
import { booleanAttribute, floatAttribute, integerAttribute, textAttribute, typeAttribute } from './opAttributes.ts';
import { fillsRegisters, hasOwnOps } from './ownOps.ts';
import { prelu, rectifierCode, rectify } from './rectifier.ts';

/**
 * Batch normalisation of [batch, height, width, channels] by the batch's statistics (arXiv 1502.03167), with what
 * follows it in the network: a shortcut that is added, a rectifier, max pooling, or a depthwise or 1x1 convolution.
 */
export function batchNormTraining(input: Tensor, state: BatchNormState, options: BatchNormTrainingOptions): Tensor {
  const { shortcut, rectifier, pooling, depthwise, pointwise, direct = false } = options;
  const mayUseOwnOps = hasOwnOps && !direct && fillsRegisters(input.shape);
  if (depthwise) {
    const mayJoin = mayUseOwnOps && !shortcut && !pooling && isNormalisedDepthwise(input, depthwise);
    if (mayJoin) return normalisedDepthwise(input, state, { ...options, depthwise });
    const normalised = batchNormTraining(input, state, { ...options, depthwise: undefined });
    return depthwiseConv2d(normalised, depthwise.filter, { ...depthwise, direct });
  }
  if (pointwise) {
    const mayJoin = mayUseOwnOps && !shortcut && !pooling && isNormalisedPointwise(input);
    if (mayJoin) return normalisedPointwise(input, state, { ...options, pointwise });
    const normalised = batchNormTraining(input, state, { ...options, pointwise: undefined });
    return conv2d(normalised, pointwise, { stride: 1, padding: 0, direct });
  }
  if (pooling) {
    const mayPool = mayUseOwnOps && rectifier === 'relu' && !shortcut && input.shape.at(-1)! % 16 === 0;
    if (mayPool) return pooledBatchNorm(input, state, { ...options, pooling });
    return maxPool(batchNormTraining(input, state, { ...options, pooling: undefined }), pooling);
  }
  if (mayUseOwnOps) return residualBatchNorm(input, state, options);
  const normalised = fusedBatchNorm(input, state, options);
  const sum = shortcut ? tf.add(normalised, shortcut) : normalised;
  return rectifier === undefined ? sum : rectify(sum, rectifier, { direct });
}

/** Batch norm, rectifier and max pooling in one pass (engine/native). */
function pooledBatchNorm(
  input: Tensor,
  state: BatchNormState,
  { epsilon, momentum, onStatistics, pooling }: BatchNormTrainingOptions & { readonly pooling: Pooling },
): Tensor {
  const windows = [
    integerAttribute('kernel', pooling.kernel),
    integerAttribute('stride', pooling.stride),
    integerAttribute('padding', pooling.padding),
  ];
  return withThreeGradients((x, scale, offset, save) => {
    const [value, newMean, newVariance, mean, deviation, chosen, taps] = backend.executeMultipleOutputs(
      'PooledBatchNorm',
      [floatAttribute('epsilon', epsilon), floatAttribute('momentum', momentum), ...windows],
      [x, scale, offset, state.mean, state.variance],
      7,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    save([value, chosen, taps, x, scale, mean, deviation]);
    return {
      value,
      gradFunc: (dy, saved) =>
        backend.executeMultipleOutputs('PooledBatchNormGrad', windows, [dy, tf.zeros([0]), ...saved], 3),
    };
  })(input, state.scale, state.offset);
}

/**
 * Batch norm, shortcut and rectifier in one pass (engine/native). The gradients of ReLU and ReLU6 keep their result,
 * which the next layer keeps too; those of PReLU compute it again.
 */
function residualBatchNorm(input: Tensor, state: BatchNormState, options: BatchNormTrainingOptions): Tensor {
  const { epsilon, momentum, onStatistics, shortcut, rectifier } = options;
  const slope = typeof rectifier === 'object' ? rectifier : undefined;
  // No network has both, so the native op has not either.
  if (slope && shortcut) return prelu(residualBatchNorm(input, state, { ...options, rectifier: undefined }), slope);
  const code = integerAttribute('rectifier', rectifierCode(rectifier));
  const operands = [input, state.scale, state.offset, shortcut ?? tf.zeros([0]), slope ?? tf.zeros([0])];
  return withGradientsOf(operands, (inputs, save) => {
    const [x, scale, offset, side, slopes] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
      'ResidualBatchNorm',
      [floatAttribute('epsilon', epsilon), floatAttribute('momentum', momentum), code],
      [x, side, slopes, scale, offset, state.mean, state.variance],
      5,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    const keepsResult = typeof rectifier === 'string';
    save([keepsResult ? value : tf.zeros([0]), x, slopes, scale, offset, mean, deviation]);
    // Without a rectifier the shortcut's gradient is the result's.
    const residual = booleanAttribute('residual', shortcut !== undefined && rectifier !== undefined);
    return {
      value,
      gradFunc: (dy, saved) => {
        const gradients = backend.executeMultipleOutputs(
          'ResidualBatchNormGrad',
          [code, residual],
          [dy, tf.zeros([0]), ...saved],
          5,
        );
        return shortcut && rectifier === undefined ? gradients.with(3, dy.clone()) : gradients;
      },
    };
  });
}

/** TensorFlow's own batch norm. */
function fusedBatchNorm(
  input: Tensor,
  state: BatchNormState,
  { epsilon, momentum, onStatistics }: BatchNormTrainingOptions,
): Tensor {
  const common = [
    typeAttribute('T'),
    typeAttribute('U'),
    floatAttribute('epsilon', epsilon),
    textAttribute('data_format', 'NHWC'),
    booleanAttribute('is_training', true),
  ];
  return withThreeGradients((x, scale, offset, save) => {
    const outputs = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [...common, floatAttribute('exponential_avg_factor', momentum)],
      [x, scale, offset, state.mean, state.variance],
      6,
    );
    const [value, mean, variance, ...reserves] = outputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(mean, variance);
    save([x, scale, ...reserves]);
    return {
      value,
      gradFunc: (dy, saved) =>
        backend.executeMultipleOutputs('FusedBatchNormGradV3', common, [dy, ...saved], 5).slice(0, 3),
    };
  })(input, state.scale, state.offset);
}

/** Batch normalisation by the running statistics; not differentiable. */
export function batchNormInference(input: Tensor, state: BatchNormState, epsilon: number): Tensor {
  const attributes = [
    typeAttribute('T'),
    typeAttribute('U'),
    floatAttribute('epsilon', epsilon),
    textAttribute('data_format', 'NHWC'),
    booleanAttribute('is_training', false),
    floatAttribute('exponential_avg_factor', 1),
  ];
  return backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    attributes,
    [input, state.scale, state.offset, state.mean, state.variance],
    6,
  )[0] as Tensor;
}
