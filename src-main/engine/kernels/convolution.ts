import { backend, type OpAttribute, type Tensor, tf } from '../tensorflow.ts';
import { withGradients } from './customGradient.ts';
import { integerAttribute, integersAttribute, shapeTensor, textAttribute, typeAttribute } from './opAttributes.ts';
import { hasOwnOps } from './ownOps.ts';

export type Padding = number | 'same';

interface ConvolutionPlan {
  readonly attributes: OpAttribute[];
  /** How the gradients are computed: with `attributes`, of an input that gets a `border` of pixels on each side. */
  readonly backward: { readonly attributes: OpAttribute[]; readonly border: number };
}

export function planConvolution(stride: number, padding: Padding, kernel: number): ConvolutionPlan {
  // TensorFlow's SAME is faster, but it equals symmetric padding only where nothing is cut off.
  const same = padding === 'same' || (stride === 1 && padding * 2 === kernel - 1 && padding > 0);
  const border = same ? 0 : (padding as number);
  const attributesFor = (kind: 'SAME' | 'VALID' | 'EXPLICIT') => [
    typeAttribute('T'),
    integersAttribute('strides', [1, stride, stride, 1]),
    textAttribute('padding', kind),
    ...(kind === 'EXPLICIT'
      ? [integersAttribute('explicit_paddings', [0, 0, border, border, border, border, 0, 0])]
      : []),
    textAttribute('data_format', 'NHWC'),
    integersAttribute('dilations', [1, 1, 1, 1]),
  ];
  if (same) return { attributes: attributesFor('SAME'), backward: { attributes: attributesFor('SAME'), border: 0 } };
  // oneDNN has no gradients for EXPLICIT padding: TensorFlow would fall back to loops two to seven times as slow.
  return {
    attributes: attributesFor(border > 0 ? 'EXPLICIT' : 'VALID'),
    backward: { attributes: attributesFor('VALID'), border },
  };
}

export const addBorder = (images: Tensor, border: number): Tensor =>
  border === 0
    ? images
    : tf.pad(images, [
        [0, 0],
        [border, border],
        [border, border],
        [0, 0],
      ]);
export const removeBorder = (images: Tensor, border: number): Tensor => {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  return border === 0
    ? images
    : tf.slice(images, [0, border, border, 0], [batch, height - 2 * border, width - 2 * border, channels]);
};
export const borderedShape = ([batch, height, width, channels]: readonly number[], border: number) =>
  shapeTensor([batch as number, (height as number) + 2 * border, (width as number) + 2 * border, channels as number]);

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
    const forwardAttributes = [integerAttribute('stride', stride), integerAttribute('padding', padding)];
    const gradientAttributes = [
      ...forwardAttributes,
      integerAttribute('kernel', kernel),
      integerAttribute('height', x.shape[1]!),
      integerAttribute('width', x.shape[2]!),
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
