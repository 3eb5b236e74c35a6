import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { backend, binding, tf, type OpAttribute, type Tensor } from './tensorflow.ts';

type GradientFunction = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];
type Save = (saved: Tensor[]) => void;
interface Differentiable {
  value: Tensor;
  gradFunc: GradientFunction;
}
// tf.customGrad for one to three inputs, and for any: its own type loses their number.
const withGradient = tf.customGrad as unknown as (
  f: (x: Tensor, save: Save) => Differentiable,
) => (x: Tensor) => Tensor;
const withGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor) => Tensor;
const withThreeGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, z: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor, z: Tensor) => Tensor;
const withGradientsOf = (
  inputs: readonly Tensor[],
  f: (inputs: readonly Tensor[], save: Save) => Differentiable,
): Tensor => {
  const compute = (...args: [...Tensor[], Save]) => f(args.slice(0, -1) as Tensor[], args.at(-1) as Save);
  return (tf.customGrad as unknown as (f: typeof compute) => (...tensors: readonly Tensor[]) => Tensor)(compute)(
    ...inputs,
  );
};

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
  /** How the gradients are computed: with `attributes`, of an input that gets a `border` of pixels on each side. */
  readonly backward: { readonly attributes: OpAttribute[]; readonly border: number };
}

function planConvolution(stride: number, padding: Padding, kernel: number): ConvolutionPlan {
  // TensorFlow's SAME is faster, but it equals symmetric padding only where nothing is cut off.
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
  // oneDNN has no gradients for EXPLICIT padding: TensorFlow would fall back to loops two to seven times as slow.
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
 * Whether the addon has ArcBench's own ops (engine/native). Their convolutions take a third to a half of oneDNN's time;
 * on a GPU cuDNN's are used.
 */
const hasOwnOps =
  !binding.isUsingGpuDevice() &&
  tf.tidy(() => {
    try {
      backend.executeSingleOutput('WinogradConv2D', [], [tf.zeros([1, 1, 1, 64]), tf.zeros([3, 3, 64, 64])]);
      return true;
    } catch {
      return false; // upstream's addon, or a processor without AVX2
    }
  });

/**
 * 2-D convolution of images [batch, height, width, in] by a filter [k, k, in, out], with native gradients. `direct`
 * asks for TensorFlow's algorithm where ArcBench's own ops would be used.
 */
export function conv2d(
  input: Tensor,
  filter: Tensor,
  { stride, padding, direct = false }: { stride: number; padding: Padding; direct?: boolean },
): Tensor {
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const mayUseOwnOps = hasOwnOps && !direct && height === width && outputs % 64 === 0;
  if (mayUseOwnOps && typeof padding === 'number' && (stride > 1 || inputs < 16))
    return stridedConvolution(input, filter, { stride, padding });
  if (mayUseOwnOps && height === 3 && stride === 1 && (padding === 1 || padding === 'same') && inputs % 64 === 0)
    return winogradConvolution(input, filter);
  return plainConvolution(input, filter, planConvolution(stride, padding, height));
}

/** TensorFlow's own convolution. */
const plainConvolution = (input: Tensor, filter: Tensor, { attributes, backward }: ConvolutionPlan): Tensor =>
  withGradients((x, w, save) => {
    save([x, w]);
    return {
      value: backend.executeSingleOutput('Conv2D', attributes, [x, w]), // [batch, height', width', filters]
      gradFunc: (dy) => [
        inputGradient(x, w, { dy, backward }),
        backend.executeSingleOutput('Conv2DBackpropFilter', backward.attributes, [
          addBorder(x, backward.border),
          shapeTensor(w.shape),
          dy,
        ]),
      ],
    };
  })(input, filter);

/** The gradient of TensorFlow's convolution by its input. */
const inputGradient = (
  x: Tensor,
  w: Tensor,
  { dy, backward }: { readonly dy: Tensor; readonly backward: ConvolutionPlan['backward'] },
): Tensor =>
  removeBorder(
    backend.executeSingleOutput('Conv2DBackpropInput', backward.attributes, [
      borderedShape(x.shape, backward.border),
      w,
      dy,
    ]),
    backward.border,
  );

/** A 3x3 convolution with stride 1 by Winograd's algorithm (engine/native). */
const winogradConvolution = (input: Tensor, filter: Tensor): Tensor =>
  withGradients((x, w, save) => {
    save([x, w]);
    return {
      value: backend.executeSingleOutput('WinogradConv2D', [], [x, w]), // [batch, height, width, filters]
      gradFunc: (dy) => [
        backend.executeSingleOutput('WinogradConv2DBackpropInput', [], [dy, w]),
        backend.executeSingleOutput('WinogradConv2DBackpropFilter', [], [x, dy]),
      ],
    };
  })(input, filter);

/** A convolution with a stride, or of few channels (engine/native). */
function stridedConvolution(
  input: Tensor,
  filter: Tensor,
  { stride, padding }: { readonly stride: number; readonly padding: number },
): Tensor {
  const [kernel, , inputs] = filter.shape as [number, number, number, number];
  const { backward } = planConvolution(stride, padding, kernel);
  return withGradients((x, w, save) => {
    save([x, w]);
    const forwardAttributes = [integer('stride', stride), integer('padding', padding)];
    const gradientAttributes = [
      ...forwardAttributes,
      integer('kernel', kernel),
      integer('height', x.shape[1]!),
      integer('width', x.shape[2]!),
    ];
    return {
      // [batch, height', width', filters]
      value: backend.executeSingleOutput('StridedConv2D', forwardAttributes, [x, w]),
      gradFunc: (dy) => [
        inputs % 64 === 0
          ? backend.executeSingleOutput('StridedConv2DBackpropInput', gradientAttributes, [dy, w])
          : inputGradient(x, w, { dy, backward }),
        backend.executeSingleOutput('StridedConv2DBackpropFilter', gradientAttributes, [x, dy]),
      ],
    };
  })(input, filter);
}

/**
 * Depthwise 2-D convolution of images [batch, height, width, channels] by a filter [k, k, channels, 1], with native
 * gradients. `direct` asks for TensorFlow's own ops.
 */
export function depthwiseConv2d(
  input: Tensor,
  filter: Tensor,
  { stride, padding, direct = false }: { stride: number; padding: Padding; direct?: boolean },
): Tensor {
  if (hasOwnOps && !direct && input.shape[3]! % 16 === 0) return ownDepthwise(input, filter, { stride, padding });
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

/** A depthwise convolution by ArcBench's own kernels (engine/native). */
function ownDepthwise(
  input: Tensor,
  filter: Tensor,
  { stride, padding }: { readonly stride: number; readonly padding: Padding },
): Tensor {
  const [, height, width] = input.shape as [number, number, number, number];
  const kernel = filter.shape[0] as number;
  /** Zeros before a side and places along the result. TensorFlow's SAME puts the odd zero behind. */
  const along = (size: number): { before: number; places: number } => {
    if (padding !== 'same') return { before: padding, places: Math.floor((size + 2 * padding - kernel) / stride) + 1 };
    const places = Math.ceil(size / stride);
    return { before: Math.floor(Math.max((places - 1) * stride + kernel - size, 0) / 2), places };
  };
  const rows = along(height);
  const columns = along(width);
  const attributes = Object.entries({
    stride,
    kernel,
    height,
    width,
    top: rows.before,
    left: columns.before,
    down: rows.places,
    across: columns.places,
  }).map(([name, value]) => integer(name, value));
  return withGradients((x, w, save) => {
    save([x, w]);
    return {
      value: backend.executeSingleOutput('DepthwiseConv', attributes, [x, w]), // [batch, height', width', channels]
      gradFunc: (dy) => [
        backend.executeSingleOutput('DepthwiseConvBackpropInput', attributes, [dy, w]),
        backend.executeSingleOutput('DepthwiseConvBackpropFilter', attributes, [x, dy]),
      ],
    };
  })(input, filter);
}

/**
 * Dropout (JMLR 15, 1929-1958): a share `rate` of the numbers becomes 0, the others are divided by 1 - rate. The draws
 * are made inside the graph and depend only on the seed, int32 [2]. The gradient draws them again and keeps nothing.
 */
export function dropout(input: Tensor, seed: Tensor, rate: number): Tensor {
  /** Random numbers below the rate drop theirs. */
  const drop = (tensor: Tensor): Tensor => {
    const noise = backend.executeSingleOutput(
      'StatelessRandomUniform',
      [type('dtype'), type('T', binding.TF_INT32), type('Tseed', binding.TF_INT32)],
      [shapeTensor(tensor.shape), seed],
    );
    return tf.mul(tensor, tf.mul(tf.cast(tf.greaterEqual(noise, rate), 'float32'), 1 / (1 - rate)));
  };
  return withGradient((x) => ({ value: drop(x), gradFunc: drop }))(input);
}

/** Rectifier with its native gradient; a `ceiling` of 6 makes it ReLU6. */
export function relu(input: Tensor, ceiling: 6 | null = null): Tensor {
  const name = ceiling === 6 ? 'Relu6' : 'Relu';
  return withGradient((x, save) => {
    const value = backend.executeSingleOutput(name, [type('T')], [x]);
    save([value]);
    return { value, gradFunc: (dy, [y]) => backend.executeSingleOutput(`${name}Grad`, [type('T')], [dy, y as Tensor]) };
  })(input);
}

/**
 * Parametric rectifier with one slope per channel: x above 0, slope x below (arXiv 1502.01852). Its gradients keep x
 * and compute the rest again, since as composed ops it would keep three tensors of x's size. `direct` asks for
 * TensorFlow's own ops.
 */
export function prelu(input: Tensor, slope: Tensor, { direct = false } = {}): Tensor {
  const isOwn = hasOwnOps && !direct && fillsRegisters(input.shape);
  return withGradients((x, weight, save) => {
    save([x, weight]);
    if (isOwn)
      return {
        value: backend.executeSingleOutput('Prelu', [], [x, weight]),
        gradFunc: (dy, saved) => backend.executeMultipleOutputs('PreluGrad', [], [dy, tf.zeros([0]), ...saved], 2),
      };
    return {
      value: tf.sub(relu(x), tf.mul(weight, relu(tf.neg(x)))),
      gradFunc: (dy, saved) => {
        const [original, slopes] = saved as [Tensor, Tensor];
        const axes = original.shape.map((_, axis) => axis).slice(0, -1);
        return [
          tf.where(tf.greater(original, 0), dy, tf.mul(dy, slopes)),
          tf.sum(tf.mul(dy, tf.minimum(original, 0)), axes),
        ];
      },
    };
  })(input, slope);
}

/** Whether ArcBench's own passes take a tensor: rows of its channels must fill whole registers of 16 numbers. */
function fillsRegisters(shape: readonly number[]): boolean {
  const channels = shape.at(-1) ?? 0;
  const rows = elementCount(shape.slice(0, -1));
  let asOne = 1; // rows that are taken as one
  while ((channels * asOne) % 16 !== 0) asOne *= 2;
  return channels % 2 === 0 && rows % asOne === 0;
}

export interface Pooling {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Max pooling over zero-padded input. Exact only after a rectifier, since the zeros take part. */
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

/** ReLU, ReLU6, or PReLU with its slopes [channels]. */
export type Rectifier = 'relu' | 'relu6' | Tensor;

/** The number of a rectifier in engine/native/batchNormPasses.h. */
function rectifierCode(rectifier: Rectifier | undefined): number {
  if (rectifier === undefined) return 0;
  if (rectifier === 'relu') return 1;
  return rectifier === 'relu6' ? 2 : 3;
}

/** Applies a rectifier. */
export function rectify(input: Tensor, rectifier: Rectifier, options: { readonly direct?: boolean } = {}): Tensor {
  if (rectifier === 'relu') return relu(input);
  return rectifier === 'relu6' ? relu(input, 6) : prelu(input, rectifier, options);
}

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
  /** Asks for TensorFlow's own ops. */
  readonly direct?: boolean;
}

/**
 * Batch normalisation of [batch, height, width, channels] by the batch's statistics (arXiv 1502.03167), with what
 * follows it in the network: a shortcut that is added, a rectifier, max pooling.
 */
export function batchNormTraining(input: Tensor, state: BatchNormState, options: BatchNormTrainingOptions): Tensor {
  const { shortcut, rectifier, pooling, direct = false } = options;
  const mayUseOwnOps = hasOwnOps && !direct && fillsRegisters(input.shape);
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
    integer('kernel', pooling.kernel),
    integer('stride', pooling.stride),
    integer('padding', pooling.padding),
  ];
  return withThreeGradients((x, scale, offset, save) => {
    const [value, newMean, newVariance, mean, deviation, chosen, taps] = backend.executeMultipleOutputs(
      'PooledBatchNorm',
      [float('epsilon', epsilon), float('momentum', momentum), ...windows],
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
  const code = integer('rectifier', rectifierCode(rectifier));
  const operands = [input, state.scale, state.offset, shortcut ?? tf.zeros([0]), slope ?? tf.zeros([0])];
  return withGradientsOf(operands, (inputs, save) => {
    const [x, scale, offset, side, slopes] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [value, newMean, newVariance, mean, deviation] = backend.executeMultipleOutputs(
      'ResidualBatchNorm',
      [float('epsilon', epsilon), float('momentum', momentum), code],
      [x, side, slopes, scale, offset, state.mean, state.variance],
      5,
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    onStatistics(newMean, newVariance);
    const keepsResult = typeof rectifier === 'string';
    save([keepsResult ? value : tf.zeros([0]), x, slopes, scale, offset, mean, deviation]);
    // Without a rectifier the shortcut's gradient is the result's.
    const residual = boolean('residual', shortcut !== undefined && rectifier !== undefined);
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
    type('T'),
    type('U'),
    float('epsilon', epsilon),
    text('data_format', 'NHWC'),
    boolean('is_training', true),
  ];
  return withThreeGradients((x, scale, offset, save) => {
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
      gradFunc: (dy, saved) =>
        backend.executeMultipleOutputs('FusedBatchNormGradV3', common, [dy, ...saved], 5).slice(0, 3),
    };
  })(input, state.scale, state.offset);
}

/**
 * One step of SGD with momentum, as torch.optim computes it, of clip x gradient + decay x parameter. Null where the
 * addon has no such op.
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

/** Softmax cross-entropy of logits [batch, classes] with int32 labels [batch], in log-softmax form; [batch]. */
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

/** The places of one entry in each row, int32 [rows, 2]. */
const places = (columns: Tensor): Tensor => tf.stack([tf.range(0, columns.shape[0] as number, 1, 'int32'), columns], 1);
const readPlaces = (table: Tensor, at: Tensor): Tensor =>
  backend.executeSingleOutput('GatherNd', [type('Tparams'), type('Tindices', binding.TF_INT32)], [table, at]); // [rows]
const writePlaces = (table: Tensor, at: Tensor, values: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterUpdate',
    [type('T'), type('Tindices', binding.TF_INT32)],
    [table, at, tf.reshape(values, [-1])],
  );

/** One entry of each row of a table [rows, columns], at int32 columns [rows]; [rows, 1]. */
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

/** A table [rows, columns] with one entry of each row, at int32 columns [rows], replaced by values [rows, 1]. */
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
 * A table [rows, size] with `added` [count, size] added to its rows at int32 indexes [count]. Equal indexes add up. Not
 * differentiable.
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
 * The rows of a table [rows, …] at int32 indexes [count]. Not differentiable. (tfjs's own gather reads its axis back,
 * which cannot be recorded.)
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

/** A table [rows, …] with the rows at int32 indexes [count], all different, replaced. Not differentiable. */
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
 * Warps images [batch, height, width, channels] by transforms [batch, 8] that map output to input pixels. Bilinear,
 * edges repeated. Not differentiable.
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
 * Augments pictures [batch, height, width, 3] uint8 in one pass: warped by transforms [batch, 8] as projectiveTransform
 * takes them, colours mixed, normalised to -1 to 1, rectangles erased. Null where the addon has no such op.
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
