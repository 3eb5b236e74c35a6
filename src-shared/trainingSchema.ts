import { z } from 'zod';

const probability = (value: number, text: string) => z.number().min(0).max(1).default(value).describe(text);

const weightDecay = (value: number) =>
  z.number().min(0).max(1).default(value).describe('how strongly the weights are pulled towards 0');
const adamKnobs = {
  beta1: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.9)
    .describe('how much of the running mean of gradients each step keeps'),
  beta2: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.999)
    .describe('how much of the running mean of squared gradients each step keeps'),
  epsilon: z.number().positive().default(1e-8).describe('small number that keeps the division finite'),
};

export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    momentum: z.number().min(0).max(0.999).default(0.9).describe('how much of the previous step each step keeps'),
    nesterov: z.boolean().default(false).describe('Nesterov momentum: the gradient is taken one momentum step ahead'),
    weightDecay: weightDecay(5e-4),
  }),
  z.strictObject({ name: z.literal('adam'), ...adamKnobs, weightDecay: weightDecay(0) }),
  z.strictObject({ name: z.literal('adamw'), ...adamKnobs, weightDecay: weightDecay(0.01) }),
]);
export type OptimizerPlan = z.infer<typeof optimizerSchema>;

export const scheduleSchema = z.strictObject({
  name: z
    .enum(['constant', 'step', 'cosine', 'polynomial'])
    .default('polynomial')
    .describe('how the learning rate falls during training'),
  warmupEpochs: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe('epochs over which the learning rate rises linearly from 0'),
  stepEpochs: z
    .array(z.int().positive())
    .max(1000)
    .default([])
    .describe('step: the epochs after which the learning rate is multiplied by stepFactor'),
  stepFactor: z.number().positive().max(1).default(0.1).describe('step: the factor of the learning rate'),
  power: z.number().positive().max(10).default(2).describe('polynomial: the exponent'),
});
export type SchedulePlan = z.infer<typeof scheduleSchema>;

export const gradientClipSchema = z.strictObject({
  norm: z
    .number()
    .min(0)
    .default(5)
    .describe('gradients are scaled down to at most this norm over all of them together; 0: no clipping'),
  of: z
    .enum(['all', 'backbone'])
    .default('all')
    .describe(
      'all: the gradients of backbone and head together; backbone: those of the backbone, as insightface does. The ' +
        "head's are then never clipped",
    ),
});
export type GradientClip = z.infer<typeof gradientClipSchema>;

export const augmentationSchema = z.strictObject({
  flip: probability(0.5, 'probability of mirroring an image'),
  shift: z.number().min(0).max(0.5).default(0).describe('largest shift, as a share of the side'),
  zoom: z.number().min(0).max(0.5).default(0).describe('largest crop or zoom, as a share of the side'),
  brightness: z.number().min(0).max(1).default(0).describe('largest change of brightness; 0: none'),
  contrast: z.number().min(0).max(1).default(0).describe('largest change of contrast; 0: none'),
  saturation: z.number().min(0).max(1).default(0).describe('largest change of saturation; 0: none'),
  grey: probability(0, 'probability of making an image grey'),
  erase: probability(0, 'probability of erasing a rectangle'),
});
export type AugmentationPlan = z.infer<typeof augmentationSchema>;

export const precisions = ['float32', 'bfloat16'] as const;
export type Precision = (typeof precisions)[number];

export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000).default(20).describe('passes over the training images'),
  batchSize: z.int().min(2).max(4096).default(64).describe('images in each training step'),
  learningRate: z
    .number()
    .positive()
    .max(10)
    .default(0.1)
    .describe('the highest learning rate; the schedule lowers it from there'),
  optimizer: z
    .preprocess((value) => (typeof value === 'string' ? { name: value } : value), optimizerSchema)
    .prefault({ name: 'sgd' }),
  schedule: z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), scheduleSchema).prefault({}),
  // `gradientClip: 5` is short for all gradients.
  gradientClip: z
    .preprocess((value) => (typeof value === 'number' ? { norm: value } : value), gradientClipSchema)
    .prefault({}),
  sampler: z
    .discriminatedUnion('name', [
      z.strictObject({ name: z.literal('shuffled') }),
      z.strictObject({
        name: z.literal('pk'),
        identities: z.int().min(2).describe('P, the number of people in each batch'),
        images: z.int().min(2).describe('K, the number of images of each of them'),
      }),
    ])
    .prefault({ name: 'shuffled' }),
  augmentation: augmentationSchema.prefault({}),
  classSampleRate: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      'share of the class centres that each step uses, always including those of the batch; 1: all. For tens of ' +
        'thousands of people (Partial FC, arXiv 2203.15565). A step does not change the other centres, and ' +
        'training accuracy is measured among the centres used',
    ),
  marginWarmupEpochs: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe('epochs over which the margin grows from 0 to its full size; 0: full size from the start'),
  backboneRate: z
    .number()
    .gt(0)
    .max(10)
    .default(1)
    .describe(
      'factor of the learning rate for the backbone; the embedding layer and the class centres keep the full rate. ' +
        'Below 1, ImageNet weights change less while the new layers learn',
    ),
  freezeBackboneEpochs: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe(
      'first epochs in which only the embedding layer and the class centres learn; 0: all learn from the start',
    ),
  precision: z
    .enum(precisions)
    .default('float32')
    .describe(
      'numbers that convolutions, batch norm and rectifiers compute with during training. bfloat16 has 8 bits of ' +
        'precision instead of 24; it needs a processor with amx_bf16 or avx512_bf16. Weights, loss and optimiser ' +
        'stay float32, and so does all evaluation',
    ),
  tensorboard: z
    .boolean()
    .default(false)
    .describe('write the curves for TensorBoard while a run trains: tensorboard --logdir <workspace>/runs'),
  earlyStopEpochs: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'stop when val has not improved for this many epochs (what evaluation.select names, or the loss where that is ' +
        'equal); 0: never',
    ),
});
