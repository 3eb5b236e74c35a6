import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { binding, type ElementValues, type OpAttribute } from '../tensorflow.ts';

/** A tensor as far as an op's results depend on it: `values` are known only of constants. */
export interface Operand {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values?: ElementValues | undefined;
}
export interface Result {
  readonly shape: number[];
  readonly dtype: number;
}

type Attributes = ReadonlyMap<string, OpAttribute['value']>;
type Rule = (operands: readonly Operand[], attributes: Attributes) => Result[];

/**
 * The shapes and types of an op's results, without running it; null where there is no rule for it. The rules are for
 * ops that take long or whose results are large.
 */
export function resultShapes(
  name: string,
  operands: readonly Operand[],
  attributes: readonly OpAttribute[],
): Result[] | null {
  return rules.get(name)?.(operands, new Map(attributes.map((each) => [each.name, each.value]))) ?? null;
}

/** The operand at an index; throws where an op has fewer. */
function at(operands: readonly Operand[], index: number): Operand {
  const operand = operands[index];
  if (!operand) throw new Error(`An op has only ${operands.length} operands.`);
  return operand;
}

/** The numbers of an operand that says a shape, sizes or axes; throws where it is no constant. */
function numbersOf(operands: readonly Operand[], index: number): number[] {
  const { values } = at(operands, index);
  if (!values) throw new Error('A shape that is computed cannot be compiled.');
  return Array.from(values, Number);
}

const numberOf = (attributes: Attributes, name: string): number => Number(attributes.get(name));
const float = (shape: readonly number[]): Result => ({ shape: [...shape], dtype: binding.TF_FLOAT });
const like = ({ shape, dtype }: Operand): Result => ({ shape: [...shape], dtype });

/** The shape that two shapes are repeated to. */
function broadcast(first: readonly number[], second: readonly number[]): number[] {
  const rank = Math.max(first.length, second.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [one, other] = [first, second].map((shape) => shape[axis - rank + shape.length] ?? 1) as [number, number];
    return one === 1 ? other : one;
  });
}

/** The positions that a window has along one side. */
function windowsAlong(
  size: number,
  { kernel, stride, padding }: { readonly kernel: number; readonly stride: number; readonly padding: number | 'SAME' },
): number {
  return padding === 'SAME' ? Math.ceil(size / stride) : Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

/** [batch, height', width', channels] of a window over images. TensorFlow's attributes. */
function windowed(images: Operand, kernel: readonly number[], { attributes, channels }: WindowedOptions): Result[] {
  const [batch = 0, height = 0, width = 0] = images.shape;
  const stride = (attributes.get('strides') as number[])[1] ?? 1;
  const kind = attributes.get('padding');
  const explicit = (attributes.get('explicit_paddings') as number[] | undefined)?.[2] ?? 0;
  const padding = kind === 'SAME' ? 'SAME' : explicit;
  const [down, across] = [height, width].map((size, axis) =>
    windowsAlong(size, { kernel: kernel[axis] ?? 1, stride, padding }),
  ) as [number, number];
  return [float([batch, down, across, channels])];
}
interface WindowedOptions {
  readonly attributes: Attributes;
  readonly channels: number;
}

/** The shape of a sum, mean or maximum over the axes that operand 1 lists. */
const reduced: Rule = (operands, attributes) => {
  const { shape, dtype } = at(operands, 0);
  const axes = new Set(numbersOf(operands, 1).map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const kept = attributes.get('keep_dims') === true;
  const sizes = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  return [{ shape: kept ? sizes : sizes.filter((_, axis) => !axes.has(axis)), dtype }];
};

const asFirst: Rule = (operands) => [like(at(operands, 0))];
const broadcastOfTwo: Rule = (operands) => [
  { ...like(at(operands, 0)), shape: broadcast(at(operands, 0).shape, at(operands, 1).shape) },
];
const comparison: Rule = (operands) => [
  { dtype: binding.TF_BOOL, shape: broadcast(at(operands, 0).shape, at(operands, 1).shape) },
];
/** A result whose shape operand `index` says as numbers. */
const shapeGiven =
  (index: number): Rule =>
  (operands) => [float(numbersOf(operands, index))];
const channelsOf = (operand: Operand): number => operand.shape.at(-1) ?? 1;

const everyOf = (names: readonly string[], rule: Rule): [string, Rule][] => names.map((name) => [name, rule]);

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  // Element by element
  ...everyOf(['Neg', 'Exp', 'Log', 'Square', 'Sqrt', 'Rsqrt', 'Sigmoid', 'Softplus', 'Relu', 'Relu6'], asFirst),
  ...everyOf(['ReluGrad', 'Relu6Grad', 'StopGradient', 'OnesLike', 'ZerosLike'], asFirst),
  ...everyOf(['TensorScatterUpdate', 'TensorScatterAdd', 'ReverseV2'], asFirst),
  ...everyOf(['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Maximum', 'Minimum', 'Pow'], broadcastOfTwo),
  ...everyOf(['Equal', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'], comparison),
  ['Select', (operands) => [like(at(operands, 1))]],
  ['Cast', (operands, attributes) => [{ shape: [...at(operands, 0).shape], dtype: numberOf(attributes, 'DstT') }]],

  // Sums and products
  ...everyOf(['Sum', 'Mean', 'Max'], reduced),
  ['L2Loss', () => [float([])]],
  [
    'BatchMatMulV2',
    (operands, attributes) => {
      const first = at(operands, 0).shape;
      const second = at(operands, 1).shape;
      const rows = first.at(attributes.get('adj_x') === true ? -1 : -2) ?? 1;
      const columns = second.at(attributes.get('adj_y') === true ? -2 : -1) ?? 1;
      return [float([...broadcast(first.slice(0, -2), second.slice(0, -2)), rows, columns])];
    },
  ],
  [
    'SparseSoftmaxCrossEntropyWithLogits',
    (operands) => [float(at(operands, 0).shape.slice(0, 1)), like(at(operands, 0))],
  ],

  // Moved elements
  [
    'Reshape',
    (operands) => {
      const { shape, dtype } = at(operands, 0);
      const wanted = numbersOf(operands, 1);
      const known = elementCount(wanted.filter((size) => size !== -1));
      return [{ dtype, shape: wanted.map((size) => (size === -1 ? elementCount(shape) / known : size)) }];
    },
  ],
  [
    'PadV2',
    (operands) => {
      const { shape, dtype } = at(operands, 0);
      const added = numbersOf(operands, 1);
      return [{ dtype, shape: shape.map((size, axis) => size + (added[2 * axis] ?? 0) + (added[2 * axis + 1] ?? 0)) }];
    },
  ],
  [
    'Slice',
    (operands) => {
      const { shape, dtype } = at(operands, 0);
      const begin = numbersOf(operands, 1);
      const sizes = numbersOf(operands, 2);
      return [{ dtype, shape: sizes.map((size, axis) => (size === -1 ? shape[axis]! - begin[axis]! : size)) }];
    },
  ],
  [
    'ImageProjectiveTransformV3',
    (operands) => {
      const [batch = 0, , , channels = 1] = at(operands, 0).shape;
      return [float([batch, ...numbersOf(operands, 2), channels])];
    },
  ],

  // TensorFlow's convolutions, pooling and batch norm
  [
    'Conv2D',
    (operands, attributes) => {
      const filter = at(operands, 1);
      return windowed(at(operands, 0), filter.shape, { attributes, channels: channelsOf(filter) });
    },
  ],
  [
    'DepthwiseConv2dNative',
    (operands, attributes) => {
      const [height = 1, width = 1, channels = 1, multiplier = 1] = at(operands, 1).shape;
      return windowed(at(operands, 0), [height, width], { attributes, channels: channels * multiplier });
    },
  ],
  ...everyOf(['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput', 'StatelessRandomUniform'], shapeGiven(0)),
  ...everyOf(['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'], shapeGiven(1)),
  [
    'MaxPool',
    (operands, attributes) => {
      const images = at(operands, 0);
      const kernel = (attributes.get('ksize') as number[]).slice(1, 3);
      return windowed(images, kernel, { attributes, channels: channelsOf(images) });
    },
  ],
  ['MaxPoolGrad', asFirst],
  [
    'FusedBatchNormV3',
    (operands) => {
      const channel = like(at(operands, 1));
      return [like(at(operands, 0)), channel, channel, channel, channel, float([0])];
    },
  ],
  [
    'FusedBatchNormGradV3',
    (operands) => {
      const channel = like(at(operands, 2));
      return [like(at(operands, 0)), channel, channel, float([]), float([])];
    },
  ],

  // ArcBench's own ops (engine/native)
  ['AugmentPictures', (operands) => [float(at(operands, 0).shape)]],
  [
    'MomentumStep',
    (operands) => {
      const parameter = like(at(operands, 0));
      return [parameter, parameter];
    },
  ],
  [
    'ResidualBatchNorm',
    (operands) => {
      const channel = like(at(operands, 3));
      return [like(at(operands, 0)), channel, channel, channel, channel];
    },
  ],
  [
    'ResidualBatchNormGrad',
    (operands, attributes) => {
      const x = like(at(operands, 3));
      const channel = like(at(operands, 5));
      return [x, channel, channel, attributes.get('residual') === true ? x : float([0]), like(at(operands, 4))];
    },
  ],
  ['Prelu', asFirst],
  ['PreluGrad', (operands) => [like(at(operands, 2)), like(at(operands, 3))]],
  [
    'PooledBatchNormGrad',
    (operands) => {
      const channel = like(at(operands, 6));
      return [like(at(operands, 5)), channel, channel];
    },
  ],
  ['WinogradConv2D', (operands) => [float([...at(operands, 0).shape.slice(0, 3), channelsOf(at(operands, 1))])]],
  [
    'WinogradConv2DBackpropInput',
    (operands) => [float([...at(operands, 0).shape.slice(0, 3), at(operands, 1).shape[2] ?? 1])],
  ],
  [
    'WinogradConv2DBackpropFilter',
    (operands) => [float([3, 3, channelsOf(at(operands, 0)), channelsOf(at(operands, 1))])],
  ],
  ...Object.entries({ DepthwiseConv: ['down', 'across'], DepthwiseConvBackpropInput: ['height', 'width'] }).map(
    ([name, sides]): [string, Rule] => [
      name,
      (operands, attributes) => {
        const images = at(operands, 0);
        const [height, width] = sides.map((side) => numberOf(attributes, side)) as [number, number];
        return [float([images.shape[0] ?? 0, height, width, channelsOf(images)])];
      },
    ],
  ),
  [
    'DepthwiseConvBackpropFilter',
    (operands, attributes) => {
      const kernel = numberOf(attributes, 'kernel');
      return [float([kernel, kernel, channelsOf(at(operands, 0)), 1])];
    },
  ],
  [
    'NormalisedDepthwise',
    (operands, attributes) => {
      const channel = like(at(operands, 2));
      const [down, across] = ['down', 'across'].map((side) => numberOf(attributes, side)) as [number, number];
      const images = at(operands, 0);
      const result = float([images.shape[0] ?? 0, down, across, channelsOf(images)]);
      return [result, channel, channel, channel, channel];
    },
  ],
  [
    'NormalisedPointwise',
    (operands) => {
      const channel = like(at(operands, 2));
      const [batch = 0, height = 0, width = 0] = at(operands, 0).shape;
      const result = float([batch, height, width, channelsOf(at(operands, 6))]);
      return [result, channel, channel, channel, channel];
    },
  ],
  ...everyOf(['NormalisedDepthwiseGrad', 'NormalisedPointwiseGrad'], (operands) => {
    const channel = like(at(operands, 3));
    return [like(at(operands, 1)), channel, channel, like(at(operands, 2)), like(at(operands, 7))];
  }),
  [
    'StridedConv2D',
    (operands, attributes) => {
      const images = at(operands, 0);
      const filter = at(operands, 1);
      const [batch = 0, height = 0, width = 0] = images.shape;
      const window = {
        kernel: filter.shape[0] ?? 1,
        stride: numberOf(attributes, 'stride'),
        padding: numberOf(attributes, 'padding'),
      };
      return [float([batch, windowsAlong(height, window), windowsAlong(width, window), channelsOf(filter)])];
    },
  ],
  [
    'StridedConv2DBackpropInput',
    (operands, attributes) => {
      const height = numberOf(attributes, 'height');
      const width = numberOf(attributes, 'width');
      return [float([at(operands, 0).shape[0] ?? 0, height, width, at(operands, 1).shape[2] ?? 1])];
    },
  ],
  [
    'StridedConv2DBackpropFilter',
    (operands, attributes) => {
      const kernel = numberOf(attributes, 'kernel');
      return [float([kernel, kernel, channelsOf(at(operands, 0)), channelsOf(at(operands, 1))])];
    },
  ],
]);
