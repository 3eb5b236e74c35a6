import { backend, type OpAttribute, type Tensor } from '../tensorflow.ts';
import { addBorder, borderedShape, type Padding, planConvolution, removeBorder } from './convolution.ts';
import { withGradients } from './customGradient.ts';
import { integerAttribute, shapeTensor } from './opAttributes.ts';
import { hasOwnOps } from './ownOps.ts';

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

/** The attributes of a depthwise convolution in engine/native. */
export function depthwiseAttributes(
  input: Tensor,
  filter: Tensor,
  { stride, padding }: { readonly stride: number; readonly padding: Padding },
): OpAttribute[] {
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
  return Object.entries({
    stride,
    kernel,
    height,
    width,
    top: rows.before,
    left: columns.before,
    down: rows.places,
    across: columns.places,
  }).map(([name, value]) => integerAttribute(name, value));
}

/** A depthwise convolution by ArcBench's own kernels (engine/native). */
function ownDepthwise(
  input: Tensor,
  filter: Tensor,
  options: { readonly stride: number; readonly padding: Padding },
): Tensor {
  const attributes = depthwiseAttributes(input, filter, options);
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
