import { backend, binding, type Tensor, tf } from '../tensorflow.ts';
import { booleanAttribute, shapeTensor, textAttribute, typeAttribute } from './opAttributes.ts';
import { hasOwnOps } from './ownOps.ts';

const castImages = (input: Tensor, to: number): Tensor =>
  backend.executeSingleOutput(
    'Cast',
    [typeAttribute('SrcT', binding.TF_UINT8), typeAttribute('DstT', to), booleanAttribute('Truncate', false)],
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
    [typeAttribute('dtype'), textAttribute('interpolation', 'BILINEAR'), textAttribute('fill_mode', 'NEAREST')],
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
