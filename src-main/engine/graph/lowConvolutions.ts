import { integersAttribute, textAttribute, typeAttribute } from '../kernels/opAttributes.ts';
import { binding, type OpAttribute } from '../tensorflow.ts';
import { lowType, type LowWriter } from './lowWriter.ts';
import type { LowUnits } from '../processor.ts';
import type { RecordedOp } from './recording.ts';

type Kind = 'forward' | 'input' | 'filter';

/** A convolution or one of its gradients, whichever op computes it. */
interface Convolution {
  readonly kind: Kind;
  /** Whether float32 has a kernel of our own for it. */
  readonly isOwn: boolean;
  /** Tensors by their role; the result of each kind is the one that is not there. */
  readonly x: number;
  readonly w: number;
  readonly dy: number;
  /** [batch, height, width, channels] of x. */
  readonly images: readonly number[];
  /** [kernel, kernel, in, out]. */
  readonly filter: readonly number[];
  /** Pixels of the result of the convolution, over the batch. */
  readonly pixels: number;
  readonly attributes: readonly OpAttribute[];
  /** Zeros around the images that TensorFlow's gradients do not add themselves. */
  readonly border: number;
}

/**
 * Computes a convolution, or its gradient by input or filter, in bfloat16 by TensorFlow's op, where that gains; returns
 * the result, null where the op is none of these or float32 is as fast.
 */
export function lowConvolution(writer: LowWriter, op: RecordedOp, units: LowUnits): number | null {
  const convolution = convolutionOf(writer, op);
  if (!convolution || !gains[units](writer, convolution)) return null;
  const { kind, x, w, dy, attributes, border, images, filter } = convolution;
  const [batch, height, width, channels] = images as [number, number, number, number];
  if (kind === 'forward') return writer.write('Conv2D', attributes, [writer.low(x), writer.low(w)]);
  if (kind === 'filter') {
    const shape = writer.constant([4], filter);
    const sides = writer.constant([4, 2], [0, 0, border, border, border, border, 0, 0]);
    const framed = () =>
      writer.write('Pad', [lowType(), typeAttribute('Tpaddings', binding.TF_INT32)], [writer.low(x), sides]);
    const input = border === 0 ? writer.low(x) : framed();
    return writer.write('Conv2DBackpropFilter', attributes, [input, shape, writer.low(dy)]);
  }
  const framed = writer.constant([4], [batch, height + 2 * border, width + 2 * border, channels]);
  const gradient = writer.write('Conv2DBackpropInput', attributes, [framed, writer.low(w), writer.low(dy)]);
  if (border === 0) return gradient;
  const [begin, size] = [[0, border, border, 0], images].map((values) => writer.constant([4], values));
  return writer.write(
    'Slice',
    [lowType(), typeAttribute('Index', binding.TF_INT32)],
    [gradient, begin as number, size as number],
  );
}

/** The attributes of TensorFlow's ops in bfloat16. */
const attributesOf = (stride: number, padding: 'SAME' | 'VALID' | number): OpAttribute[] => [
  lowType(),
  integersAttribute('strides', [1, stride, stride, 1]),
  textAttribute('padding', typeof padding === 'number' ? 'EXPLICIT' : padding),
  ...(typeof padding === 'number'
    ? [integersAttribute('explicit_paddings', [0, 0, padding, padding, padding, padding, 0, 0])]
    : []),
  textAttribute('data_format', 'NHWC'),
  integersAttribute('dilations', [1, 1, 1, 1]),
];

const kinds: Readonly<Record<string, Kind>> = {
  Conv2D: 'forward',
  WinogradConv2D: 'forward',
  StridedConv2D: 'forward',
  Conv2DBackpropInput: 'input',
  WinogradConv2DBackpropInput: 'input',
  StridedConv2DBackpropInput: 'input',
  Conv2DBackpropFilter: 'filter',
  WinogradConv2DBackpropFilter: 'filter',
  StridedConv2DBackpropFilter: 'filter',
};
const none = Number.NaN;

/** Which operand of an op is x, the filter and dy: TensorFlow's ops name the shape of the result, ours do not. */
function rolesOf(op: RecordedOp, kind: Kind, isOwn: boolean): { x: number; w: number; dy: number } {
  const [a = none, b = none, c = none] = op.inputs;
  if (kind === 'forward') return { x: a, w: b, dy: none };
  if (kind === 'input') return isOwn ? { x: none, w: b, dy: a } : { x: none, w: b, dy: c };
  return isOwn ? { x: a, w: none, dy: b } : { x: a, w: none, dy: c };
}

function convolutionOf(writer: LowWriter, op: RecordedOp): Convolution | null {
  const kind = kinds[op.name];
  const [result] = op.outputs;
  if (!kind || !result) return null;
  const isOwn = !op.name.startsWith('Conv2D');
  const roles = rolesOf(op, kind, isOwn);
  const values = new Map(op.attributes.map(({ name, value }) => [name, value]));
  const padding = values.get('padding');
  const shapes = {
    images: kind === 'input' ? result.shape : writer.shapeOf(roles.x),
    filter: kind === 'filter' ? result.shape : writer.shapeOf(roles.w),
  };
  const results = kind === 'forward' ? result.shape : writer.shapeOf(roles.dy);
  const common = { kind, isOwn, ...roles, ...shapes, pixels: results.slice(0, 3).reduce((all, size) => all * size, 1) };
  if (!isOwn)
    return {
      ...common,
      attributes: op.attributes.map((each) => (each.name === 'T' ? lowType() : each)),
      border: 0,
    };
  if (op.name.startsWith('Winograd')) return { ...common, attributes: attributesOf(1, 'SAME'), border: 0 };
  const border = Number(padding);
  const stride = Number(values.get('stride'));
  if (kind === 'forward')
    return { ...common, attributes: attributesOf(stride, border === 0 ? 'VALID' : border), border };
  return { ...common, attributes: attributesOf(stride, 'VALID'), border };
}

/**
 * Whether bfloat16 is faster, for each kind of unit, the casts around it included. It rests on the op and its sizes
 * only, or two runs would differ. The limits are where oneDNN's bfloat16 beat our own kernels and oneDNN's in float32.
 */
const gains: Readonly<Record<LowUnits, (writer: LowWriter, convolution: Convolution) => boolean>> = {
  // Gradients of 1x1 filters, and convolutions of three colours, never gained.
  tiles(writer, { kind, x, filter, pixels }) {
    const [kernel = 1, , inputs = 1, outputs = 1] = filter;
    if (kernel === 1) {
      if (kind === 'filter') return false;
      return (kind === 'forward' && writer.isLow(x)) || (inputs * outputs) / (inputs + outputs) >= 60;
    }
    return inputs >= 64 && outputs >= 64 && pixels >= (kind === 'filter' ? 8192 : 2048);
  },
  // At most twice float32's products in a second: our kernels are as fast.
  vectors: (_, { isOwn, filter }) => !isOwn && filter[0] === 1,
};
