import { backend, binding, tf, type OpAttribute, type Tensor } from './tensorflow.ts';

type GradientFunction = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];
type Save = (saved: Tensor[]) => void;
interface Differentiable {
  value: Tensor;
  gradFunc: GradientFunction;
}
// tf.customGrad for one, two and three inputs; its own type loses their count.
const withGradient = tf.customGrad as unknown as (
  f: (x: Tensor, save: Save) => Differentiable,
) => (x: Tensor) => Tensor;
const withGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor) => Tensor;
const withThreeGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, z: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor, z: Tensor) => Tensor;
const withFourGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, z: Tensor, u: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor, z: Tensor, u: Tensor) => Tensor;

const type = (name: string, value: number = binding.TF_FLOAT): OpAttribute => ({
  name,
  type: binding.TF_ATTR_TYPE,
  value,
});
const integer = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_INT, value });
const integers = (name: string, value: readonly number[]): OpAttribute => ({ name, type: binding.TF_ATTR_INT, value });
const text = (name: string, value: string): OpAttribute => ({ name, type: binding.TF_ATTR_STRING, value });
const float = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value });
const boolean = (name: string, value: boolean): OpAttribute => ({ name, type: binding.TF_ATTR_BOOL, value });

export type Padding = number | 'same';

interface ConvolutionPlan {
  readonly attributes: OpAttribute[];
  /** How the gradients are computed: by `attributes`, of an input that is padded by so many pixels on each side. */
  readonly backward: { readonly attributes: OpAttribute[]; readonly border: number };
}

function planConvolution(stride: number, padding: Padding, kernel: number): ConvolutionPlan {
  // TensorFlow's SAME equals symmetric padding only where nothing is cut off; the SAME path is the faster one.
  const same = padding === 'same' || (stride === 1 && padding * 2 === kernel - 1 && padding > 0);
  const border = same ? 0 : (padding as number);
  const attributesFor = (kind: 'SAME' | 'VALID' | 'EXPLICIT') => [
    type('T'),
    integers('strides', [1, stride, stride, 1]),
    text('padding', kind),
    ...(kind === 'EXPLICIT' ? [integers('explicit_paddings', [0, 0, border, border, border, border, 0, 0])] : []),
    text('data_format', 'NHWC'),
    integers('dilations', [1, 1, 1, 1]),
  ];
  if (same) return { attributes: attributesFor('SAME'), backward: { attributes: attributesFor('SAME'), border: 0 } };
  // oneDNN has no gradients for EXPLICIT padding: TensorFlow would fall back to loops that take two to seven times as
  // long.
  return {
    attributes: attributesFor(border > 0 ? 'EXPLICIT' : 'VALID'),
    backward: { attributes: attributesFor('VALID'), border },
  };
}

const addBorder = (images: Tensor, border: number): Tensor =>
  border === 0
    ? images
    : tf.pad(images, [
        [0, 0],
        [border, border],
        [border, border],
        [0, 0],
      ]);
const removeBorder = (images: Tensor, border: number): Tensor => {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  return border === 0
    ? images
    : tf.slice(images, [0, border, border, 0], [batch, height - 2 * border, width - 2 * border, channels]);
};
const borderedShape = ([batch, height, width, channels]: readonly number[], border: number) =>
  shapeTensor([batch as number, (height as number) + 2 * border, (width as number) + 2 * border, channels as number]);

const shapeTensor = (shape: readonly number[]) => tf.tensor1d([...shape], 'int32');

/**
 * Whether the addon has ArcBench's ops (engine/native); its convolutions take a third to a half of oneDNN's time; cuDNN
 * has its own.
 */
const hasOwnOps =
  !binding.isUsingGpuDevice() &&
  tf.tidy(() => {
    try {
      backend.executeSingleOutput('WinogradConv2D', [], [tf.zeros([1, 1, 1, 64]), tf.zeros([3, 3, 64, 64])]);
      return true;
    } catch {
      return false; // an addon of upstream, or a processor without AVX2
    }
  });

/**
 * 2-D convolution, NHWC by HWIO, with native gradients; `direct` asks for the plain algorithm where Winograd's would be
 * taken.
 */
export function conv2d(
  input: Tensor,
  filter: Tensor,
  { stride, padding, direct = false }: { stride: number; padding: Padding; direct?: boolean },
): Tensor {
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const winograd =
    hasOwnOps &&
    !direct &&
    height === 3 &&
    width === 3 &&
    stride === 1 &&
    (padding === 1 || padding === 'same') &&
    inputs % 64 === 0 &&
    outputs % 64 === 0;
  const strided =
    hasOwnOps &&
    !direct &&
    typeof padding === 'number' &&
    height === width &&
    outputs % 64 === 0 &&
    (stride > 1 || inputs < 16);
  const { attributes, backward } = planConvolution(stride, padding, height);
  const directInputGradient = (x: Tensor, w: Tensor, dy: Tensor) =>
    removeBorder(
      backend.executeSingleOutput('Conv2DBackpropInput', backward.attributes, [
        borderedShape(x.shape, backward.border),
        w,
        dy,
      ]),
      backward.border,
    );
  return withGradients((x, w, save) => {
    save([x, w]);
    if (strided) {
      const forwardAttributes = [integer('stride', stride), integer('padding', padding)];
      const gradientAttributes = [
        ...forwardAttributes,
        integer('kernel', height),
        integer('height', x.shape[1] as number),
        integer('width', x.shape[2] as number),
      ];
      return {
        // [batch, height', width', filters]
        value: backend.executeSingleOutput('StridedConv2D', forwardAttributes, [x, w]),
        gradFunc: (dy) => [
          inputs % 64 === 0
            ? backend.executeSingleOutput('StridedConv2DBackpropInput', gradientAttributes, [dy, w])
            : directInputGradient(x, w, dy),
          backend.executeSingleOutput('StridedConv2DBackpropFilter', gradientAttributes, [x, dy]),
        ],
      };
    }
    if (winograd) {
      return {
        value: backend.executeSingleOutput('WinogradConv2D', [], [x, w]), // [batch, height, width, filters]
        gradFunc: (dy) => [
          backend.executeSingleOutput('WinogradConv2DBackpropInput', [], [dy, w]),
          backend.executeSingleOutput('WinogradConv2DBackpropFilter', [], [x, dy]),
        ],
      };
    }
    return {
      value: backend.executeSingleOutput('Conv2D', attributes, [x, w]), // [batch, height', width', filters]
      gradFunc: (dy) => [
        directInputGradient(x, w, dy),
        backend.executeSingleOutput('Conv2DBackpropFilter', backward.attributes, [
          addBorder(x, backward.border),
          shapeTensor(w.shape),
          dy,
        ]),
      ],
    };
  })(input, filter);
}

/** Depthwise 2-D convolution, NHWC by [k, k, channels, 1], with native gradients. */
export function depthwiseConv2d(
  input: Tensor,
  filter: Tensor,
  { stride, padding }: { stride: number; padding: Padding },
): Tensor {
  const { attributes, backward } = planConvolution(stride, padding, filter.shape[0] as number);
  return withGradients((x, w, save) => {
    save([x, w]);
    return {
      value: backend.executeSingleOutput('DepthwiseConv2dNative', attributes, [x, w]),
      gradFunc: (dy) => [
        removeBorder(
          backend.executeSingleOutput('DepthwiseConv2dNativeBackpropInput', backward.attributes, [
            borderedShape(x.shape, backward.border),
            w,
            dy,
          ]),
          backward.border,
        ),
        backend.executeSingleOutput('DepthwiseConv2dNativeBackpropFilter', backward.attributes, [
          addBorder(x, backward.border),
          shapeTensor(w.shape),
          dy,
        ]),
      ],
    };
  })(input, filter);
}

/** Rectifier with its native gradient; `ceiling` 6 for ReLU6. */
export function relu(input: Tensor, ceiling: 6 | null = null): Tensor {
  const name = ceiling === 6 ? 'Relu6' : 'Relu';
  return withGradient((x, save) => {
    const value = backend.executeSingleOutput(name, [type('T')], [x]);
    save([value]);
    return { value, gradFunc: (dy, [y]) => backend.executeSingleOutput(`${name}Grad`, [type('T')], [dy, y as Tensor]) };
  })(input);
}

/** Parametric rectifier, one slope a channel: relu(x) - slope relu(-x). */
export function prelu(input: Tensor, slope: Tensor): Tensor {
  return tf.sub(relu(input), tf.mul(slope, relu(tf.neg(input))));
}

export interface Pooling {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Max pooling over zero-padded input, which is exact behind a rectifier. */
export function maxPool(input: Tensor, { kernel, stride, padding }: Pooling): Tensor {
  const padded = addBorder(input, padding);
  const attributes = [
    type('T'),
    integers('ksize', [1, kernel, kernel, 1]),
    integers('strides', [1, stride, stride, 1]),
    text('padding', 'VALID'),
    text('data_format', 'NHWC'),
  ];
  return withGradient((x, save) => {
    const value = backend.executeSingleOutput('MaxPool', attributes, [x]);
    save([x, value]);
    return {
      value,
      gradFunc: (dy, [original, y]) =>
        backend.executeSingleOutput('MaxPoolGrad', attributes, [original as Tensor, y as Tensor, dy]),
    };
  })(padded);
}

export interface BatchNormState {
  readonly scale: Tensor;
  readonly offset: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch normalisation of [batch, height, width, channels] by the batch's statistics (arXiv 1502.03167), plus a
 * shortcut,
 * rectified and, if so, max-pooled where asked; `onStatistics` receives the new running mean and unbiased variance, (1
 * - momentum) old + momentum
 * batch; `direct` asks for TensorFlow's own ops.
 */
export function batchNormTraining(
  input: Tensor,
  state: BatchNormState,
  options: {
    readonly epsilon: number;
    readonly momentum: number;
    readonly onStatistics: (mean: Tensor, variance: Tensor) => void;
    readonly shortcut?: Tensor | undefined;
    readonly rectified?: boolean;
    readonly pooling?: Pooling | undefined;
    readonly direct?: boolean;
  },
): Tensor {
  const { epsilon, momentum, onStatistics, shortcut, rectified = false, pooling, direct = false } = options;
  const own = hasOwnOps && !direct && (input.shape.at(-1) as number) % 16 === 0;
  if (pooling && !(own && rectified && !shortcut))
    return maxPool(batchNormTraining(input, state, { ...options, pooling: undefined }), pooling);
  if (pooling) {
    return withThreeGradients((x, scale, offset, save) => {
      const windows = [
        integer('kernel', pooling.kernel),
        integer('stride', pooling.stride),
        integer('padding', pooling.padding),
      ];
      const attributes = [float('epsilon', epsilon), float('momentum', momentum), ...windows];
      const [value, newMean, newVariance, mean, deviation, chosen, taps] = backend.executeMultipleOutputs(
        'PooledBatchNorm',
        attributes,
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
  if (own) {
    return withFourGradients((x, scale, offset, side, save) => {
      const attributes = [float('epsilon', epsilon), float('momentum', momentum), boolean('rectified', rectified)];
      const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
        'ResidualBatchNorm',
        attributes,
        [x, side, scale, offset, state.mean, state.variance],
        5,
      ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
      onStatistics(newMean, newVariance);
      save([value, x, side, scale, mean, deviation]);
      return {
        value,
        gradFunc: (dy, [y, original, sides, gamma, ...statistics]) =>
          backend.executeMultipleOutputs(
            'ResidualBatchNormGrad',
            [boolean('rectified', rectified)],
            [dy, tf.zeros([0]), y as Tensor, original as Tensor, sides as Tensor, gamma as Tensor, ...statistics],
            4,
          ),
      };
    })(input, state.scale, state.offset, shortcut ?? tf.zeros([0]));
  }
  const common = [
    type('T'),
    type('U'),
    float('epsilon', epsilon),
    text('data_format', 'NHWC'),
    boolean('is_training', true),
  ];
  const normalised = withThreeGradients((x, scale, offset, save) => {
    const outputs = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [...common, float('exponential_avg_factor', momentum)],
      [x, scale, offset, state.mean, state.variance],
      6,
    );
    const [value, mean, variance, ...reserves] = outputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(mean, variance);
    save([x, scale, ...reserves]);
    return {
      value,
      gradFunc: (dy, [original, gamma, ...reserved]) =>
        backend
          .executeMultipleOutputs(
            'FusedBatchNormGradV3',
            common,
            [dy, original as Tensor, gamma as Tensor, ...reserved],
            5,
          )
          .slice(0, 3),
    };
  })(input, state.scale, state.offset);
  const sum = shortcut ? tf.add(normalised, shortcut) : normalised;
  return rectified ? relu(sum) : sum;
}

/**
 * One step of SGD with momentum as torch.optim computes it, of clip x gradient + decay x parameter; null where the
 * addon lacks it.
 */
export function momentumStep(
  {
    parameter,
    slot,
    gradient,
    clip,
    rate,
  }: Readonly<Record<'parameter' | 'slot' | 'gradient' | 'clip' | 'rate', Tensor>>,
  { decay, momentum, nesterov }: { readonly decay: number; readonly momentum: number; readonly nesterov: boolean },
): { slot: Tensor; parameter: Tensor } | null {
  if (!hasOwnOps) return null;
  const attributes = [float('decay', decay), float('momentum', momentum), boolean('nesterov', nesterov)];
  const [newSlot, newParameter] = backend.executeMultipleOutputs(
    'MomentumStep',
    attributes,
    [parameter, slot, gradient, clip, rate],
    2,
  ) as [Tensor, Tensor];
  return { slot: newSlot, parameter: newParameter };
}

/** Batch normalisation by the running statistics; not differentiable. */
export function batchNormInference(input: Tensor, state: BatchNormState, epsilon: number): Tensor {
  const attributes = [
    type('T'),
    type('U'),
    float('epsilon', epsilon),
    text('data_format', 'NHWC'),
    boolean('is_training', false),
    float('exponential_avg_factor', 1),
  ];
  return backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    attributes,
    [input, state.scale, state.offset, state.mean, state.variance],
    6,
  )[0] as Tensor;
}

/**
 * Softmax cross-entropy of logits [batch, classes] with int32 labels [batch], one value a sample, in log-softmax form.
 */
export function sparseSoftmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const attributes = [type('T'), type('Tlabels', binding.TF_INT32)];
  return withGradient((x, save) => {
    const [value, gradient] = backend.executeMultipleOutputs(
      'SparseSoftmaxCrossEntropyWithLogits',
      attributes,
      [x, labels],
      2,
    ) as [Tensor, Tensor];
    save([gradient]);
    return { value, gradFunc: (dy, [saved]) => tf.mul(tf.expandDims(dy, 1), saved as Tensor) };
  })(logits);
}

/** Row and column of one entry in each row, int32 [rows, 2]. */
const places = (columns: Tensor): Tensor => tf.stack([tf.range(0, columns.shape[0] as number, 1, 'int32'), columns], 1);
const readPlaces = (table: Tensor, at: Tensor): Tensor =>
  backend.executeSingleOutput('GatherNd', [type('Tparams'), type('Tindices', binding.TF_INT32)], [table, at]); // [rows]
const writePlaces = (table: Tensor, at: Tensor, values: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterUpdate',
    [type('T'), type('Tindices', binding.TF_INT32)],
    [table, at, tf.reshape(values, [-1])],
  );

/** The entry of each row of a table [rows, columns] at int32 columns [rows], as [rows, 1]. */
export function entriesAt(table: Tensor, columns: Tensor): Tensor {
  return withGradient((x, save) => {
    const at = places(columns);
    save([at]);
    return {
      value: tf.reshape(readPlaces(x, at), [-1, 1]),
      gradFunc: (dy, [saved]) =>
        backend.executeSingleOutput(
          'ScatterNd',
          [type('T'), type('Tindices', binding.TF_INT32)],
          [saved as Tensor, tf.reshape(dy, [-1]), shapeTensor(table.shape)],
        ),
    };
  })(table);
}

/** A table [rows, columns] whose entry of each row at int32 columns [rows] is that of values [rows, 1]. */
export function replaceEntries(table: Tensor, columns: Tensor, values: Tensor): Tensor {
  return withGradients((x, y, save) => {
    const at = places(columns);
    save([at]);
    return {
      value: writePlaces(x, at, y),
      gradFunc: (dy, [saved]) => [
        writePlaces(dy, saved as Tensor, tf.zeros(y.shape)),
        tf.reshape(readPlaces(dy, saved as Tensor), [-1, 1]),
      ],
    };
  })(table, values);
}

/**
 * A table [rows, size] with each of some rows [count, size] added at int32 indexes [count], of which several may be
 * equal; not differentiable.
 */
export const addToRows = (table: Tensor, indexes: Tensor, added: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterAdd',
    [type('T'), type('Tindices', binding.TF_INT32)],
    [table, tf.reshape(indexes, [-1, 1]), added],
  );

/** Half the sum of squares of all elements, a scalar, in one pass. */
export const halfSumOfSquares = (input: Tensor): Tensor => backend.executeSingleOutput('L2Loss', [type('T')], [input]);

/**
 * Rows of a table [rows, …] at int32 indexes [count]; not differentiable. tfjs's own gather reads its axis back, which
 * a recording forbids.
 */
export const rowsAt = (table: Tensor, indexes: Tensor): Tensor =>
  backend.executeSingleOutput(
    'GatherV2',
    [
      type('Tparams'),
      type('Tindices', binding.TF_INT32),
      type('Taxis', binding.TF_INT32),
      { name: 'batch_dims', type: binding.TF_ATTR_INT, value: 0 },
    ],
    [table, indexes, tf.scalar(0, 'int32')],
  );

/** A table [rows, …] with the rows at different int32 indexes [count] replaced; not differentiable. */
export const replaceRows = (table: Tensor, indexes: Tensor, rows: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterUpdate',
    [type('T'), type('Tindices', binding.TF_INT32)],
    [table, tf.reshape(indexes, [-1, 1]), rows],
  );

const castImages = (input: Tensor, to: number): Tensor =>
  backend.executeSingleOutput(
    'Cast',
    [type('SrcT', binding.TF_UINT8), type('DstT', to), boolean('Truncate', false)],
    [input],
  );
/** Casts uint8 images to float32. */
export const castFromUint8 = (input: Tensor): Tensor => castImages(input, binding.TF_FLOAT);

/**
 * Warps images [batch, height, width, channels] by transforms [batch, 8], each mapping output to input pixels,
 * bilinear, edges repeated; not differentiable.
 */
export function projectiveTransform(images: Tensor, transforms: Tensor): Tensor {
  const [, height, width] = images.shape as [number, number, number, number];
  return backend.executeSingleOutput(
    'ImageProjectiveTransformV3',
    [type('dtype'), text('interpolation', 'BILINEAR'), text('fill_mode', 'NEAREST')],
    [images, transforms, shapeTensor([height, width]), tf.scalar(0)],
  );
}

export interface AugmentationDraws {
  readonly transforms?: Tensor;
  readonly colourMatrix?: Tensor;
  readonly colourOffset?: Tensor;
  readonly erased?: Tensor;
}

/**
 * Pictures [batch, height, width, 3] uint8, mirrored, shifted and scaled by transforms [batch, 8] as
 * projectiveTransform takes them, their colours mixed, from -1 to 1, rectangles erased, in one pass; null where the
 * addon lacks it.
 */
export function augmentPictures(
  images: Tensor,
  { transforms, colourMatrix, colourOffset, erased }: AugmentationDraws,
): Tensor | null {
  if (!hasOwnOps) return null;
  const none = tf.zeros([0]);
  const bytes = castImages(images, binding.TF_UINT8); // op by op tfjs holds them as int32
  return backend.executeSingleOutput(
    'AugmentPictures',
    [],
    [bytes, transforms ?? none, colourMatrix ?? none, colourOffset ?? none, erased ?? none],
  );
}

/** An element-wise function with its derivative given in closed form. */
export function elementwise(input: Tensor, value: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor): Tensor {
  return withGradient((x, save) => {
    save([x]);
    return { value: value(x), gradFunc: (dy, [original]) => tf.mul(dy, derivative(original as Tensor)) };
  })(input);
}

/**
 * The same values, through which no gradient flows. The op bypasses the tape, so ops without a gradient may follow it.
 */
export const stopGradient = (tensor: Tensor): Tensor =>
  backend.executeSingleOutput('StopGradient', [type('T')], [tensor]);
