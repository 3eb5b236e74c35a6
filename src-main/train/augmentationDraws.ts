import type { AugmentationPlan } from '../../src-shared/experiment.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { InputSpec } from '../engine/graph/compileProgram.ts';

const movesPixels = (plan: AugmentationPlan) => plan.flip > 0 || plan.shift > 0 || plan.zoom > 0;
const changesColour = (plan: AugmentationPlan) =>
  plan.brightness > 0 || plan.contrast > 0 || plan.saturation > 0 || plan.grey > 0;

/** The fed inputs that a plan's augmentation needs for a batch. */
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

const luma = [0.299, 0.587, 0.114] as const;

/**
 * Every random draw of one batch's augmentation: a function of seed, epoch and batch alone, so arms of one seed see the
 * same pictures.
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
      new Float32Array(shape.reduce((a, b) => a * b, 1)),
    ]),
  );
  for (let sample = 0; sample < at.batchSize; sample++) {
    const flip = random.next() < plan.flip;
    const zoom = 1 + signed(plan.zoom);
    const shiftX = signed(plan.shift) * size;
    const shiftY = signed(plan.shift) * size;
    // Output pixel (x, y) reads input (a x + c, d y + f), zoomed about the picture's centre.
    const centre = (size - 1) / 2;
    const horizontal = flip ? -zoom : zoom;
    inputs['transforms']?.set(
      [horizontal, 0, centre - horizontal * centre + shiftX, 0, zoom, centre - zoom * centre + shiftY, 0, 0],
      sample * 8,
    );
    const brightness = signed(plan.brightness);
    const contrast = 1 + signed(plan.contrast);
    const saturation = random.next() < plan.grey ? 0 : 1 + signed(plan.saturation);
    for (let from = 0; from < 3; from++) {
      for (let to = 0; to < 3; to++) {
        const mixed = (from === to ? saturation : 0) + (1 - saturation) * (luma[from] as number);
        inputs['colourMatrix']?.set([mixed * contrast], sample * 9 + from * 3 + to);
      }
    }
    inputs['colourOffset']?.fill(0.5 * (1 - contrast) + brightness, sample * 3, sample * 3 + 3);
    const erase = random.next() < plan.erase;
    const height = size * (0.15 + 0.25 * random.next());
    const width = size * (0.15 + 0.25 * random.next());
    const top = random.next() * (size - height);
    const left = random.next() * (size - width);
    if (erase) inputs['erased']?.set([top, top + height, left, left + width], sample * 4);
  }
  return inputs;
}
