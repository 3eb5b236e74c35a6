import type { AugmentationPlan } from '../../src-shared/trainingSchema.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { InputSpec } from '../engine/graph/program.ts';

const movesPixels = (plan: AugmentationPlan) => plan.flip > 0 || plan.shift > 0 || plan.zoom > 0;
const changesColour = (plan: AugmentationPlan) =>
  plan.brightness > 0 || plan.contrast > 0 || plan.saturation > 0 || plan.grey > 0;

/** The inputs of a training step that a plan's augmentation needs, by name. */
export function augmentationInputs(plan: AugmentationPlan, batchSize: number): Record<string, InputSpec> {
  return {
    ...(movesPixels(plan) ? { transforms: { shape: [batchSize, 8], dtype: 'float32' } } : {}),
    ...(changesColour(plan)
      ? {
          colourMatrix: { shape: [batchSize, 3, 3], dtype: 'float32' },
          colourOffset: { shape: [batchSize, 1, 3], dtype: 'float32' },
        }
      : {}),
    ...(plan.erase > 0 ? { erased: { shape: [batchSize, 4], dtype: 'float32' } } : {}),
  };
}

/** Share of red, green and blue in the brightness that is seen (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const;

/**
 * Every random draw of one batch's augmentation, for pictures of `size` pixels. It depends only on seed, epoch and
 * batch, so all arms of one seed see the same pictures.
 */
export function drawAugmentation(
  plan: AugmentationPlan,
  size: number,
  at: { readonly seed: number; readonly epoch: number; readonly batch: number; readonly batchSize: number },
): Record<string, Float32Array> {
  const random = randomStream(at.seed, 'augmentation', at.epoch, at.batch);
  const signed = (reach: number) => (2 * random.next() - 1) * reach;
  const inputs = Object.fromEntries(
    Object.entries(augmentationInputs(plan, at.batchSize)).map(([name, { shape }]) => [
      name,
      new Float32Array(elementCount(shape)),
    ]),
  );
  // Every sample draws everything in one order, whatever the plan needs: a changed knob leaves the other draws as they
  // are.
  for (let sample = 0; sample < at.batchSize; sample++) {
    // Position
    const isMirrored = random.next() < plan.flip;
    const zoom = 1 + signed(plan.zoom);
    const shiftX = signed(plan.shift) * size;
    const shiftY = signed(plan.shift) * size;
    inputs['transforms']?.set(transformOf({ isMirrored, zoom, shiftX, shiftY }, size), sample * 8);

    // Colours
    const brightness = signed(plan.brightness);
    const contrast = 1 + signed(plan.contrast);
    const saturation = random.next() < plan.grey ? 0 : 1 + signed(plan.saturation);
    inputs['colourMatrix']?.set(colourMatrixOf(contrast, saturation), sample * 9);
    inputs['colourOffset']?.fill(0.5 * (1 - contrast) + brightness, sample * 3, sample * 3 + 3);

    // Erased rectangle
    const isErased = random.next() < plan.erase;
    const height = size * (0.15 + 0.25 * random.next());
    const width = size * (0.15 + 0.25 * random.next());
    const top = random.next() * (size - height);
    const left = random.next() * (size - width);
    if (isErased) inputs['erased']?.set([top, top + height, left, left + width], sample * 4);
  }
  return inputs;
}

/** A transform about the picture's centre: output pixel (x, y) reads input (a x + c, d y + f). */
function transformOf(
  drawn: { readonly isMirrored: boolean; readonly zoom: number; readonly shiftX: number; readonly shiftY: number },
  size: number,
): number[] {
  const { isMirrored, zoom, shiftX, shiftY } = drawn;
  const centre = (size - 1) / 2;
  const horizontal = isMirrored ? -zoom : zoom;
  return [horizontal, 0, centre - horizontal * centre + shiftX, 0, zoom, centre - zoom * centre + shiftY, 0, 0];
}

/** The matrix [3, 3], row by row, that changes saturation about the brightness, then contrast. */
const colourMatrixOf = (contrast: number, saturation: number): number[] =>
  luma.flatMap((share, from) =>
    luma.map((_, to) => ((from === to ? saturation : 0) + (1 - saturation) * share) * contrast),
  );
