import { z } from 'zod';
import { lossSchema } from './losses.ts';

const settingSchema = z.union([z.number(), z.string(), z.boolean()], {
  error: 'expected a number, a text, or true or false',
});
export type Setting = z.infer<typeof settingSchema>;

export const armSchema = z.strictObject({
  name: z.string().min(1).max(80),
  loss: lossSchema,
  settings: z
    .record(z.string(), settingSchema)
    .optional()
    .describe('knobs of training and model that differ in this arm, such as training.learningRate'),
  against: z.string().optional().describe('the arm that this one is a step from; the report says what the step gained'),
  variantOf: z.string().optional().describe('the arm that a sweep made this variant of'),
});
export type ArmPlan = z.infer<typeof armSchema>;

/** `ladder: true` stands for the arms from cross-entropy to sub-center ArcFace, each a step from the one before. */
export const ladderSchema = z.preprocess(
  (value) => (value === true ? {} : value),
  z.strictObject({
    scale: z.number().positive().max(1024).default(64).describe('s of the arms from the third on'),
    marginRadians: z
      .number()
      .min(0)
      .max(Math.PI / 2)
      .default(0.5)
      .describe('m in radians, of the arms from the fourth on'),
    subCenters: z.int().min(2).max(20).default(3).describe('K, the number of centres of each class in the last arm'),
  }),
);
export type LadderPlan = z.infer<typeof ladderSchema>;

export const sweptKnobSchema = z
  .preprocess(
    (value) => (Array.isArray(value) ? { values: value } : value),
    z.strictObject({
      values: z.array(settingSchema).min(1).max(100).optional().describe('the values to try'),
      from: z.number().optional().describe('the lowest value of a range'),
      to: z
        .number()
        .optional()
        .describe(
          'the highest value of a range; where both ends are whole and at least 2 apart, only whole numbers are used',
        ),
      log: z
        .boolean()
        .optional()
        .describe('true: equal factors between the values of the range, instead of equal steps'),
      steps: z.int().min(2).max(50).optional().describe('how many values a grid takes from the range; 3 if left out'),
    }),
  )
  .refine((knob) => knob.values !== undefined || (knob.from !== undefined && knob.to !== undefined), {
    error: 'give a list of values, or a range with from and to',
  })
  .refine((knob) => knob.values === undefined || (knob.from === undefined && knob.to === undefined), {
    error: 'give either values or a range, not both',
  })
  .refine((knob) => knob.from === undefined || knob.to === undefined || knob.from < knob.to, {
    error: 'from must be below to',
  })
  .refine((knob) => knob.log !== true || knob.from === undefined || knob.from > 0, {
    error: 'a range with log: true must start above 0',
  });
export type SweptKnob = z.infer<typeof sweptKnobSchema>;

const halvingSchema = z.strictObject({
  factor: z
    .int()
    .min(2)
    .max(10)
    .default(3)
    .describe('after each round the best 1/factor continue, to factor times as many epochs'),
  firstEpochs: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('epochs of the first round, in which all combinations train'),
});
export type HalvingPlan = z.infer<typeof halvingSchema>;

export const sweepSchema = z.strictObject({
  knobs: z
    .record(z.string(), sweptKnobSchema)
    .refine((knobs) => Object.keys(knobs).length > 0, { error: 'name at least one knob' })
    .describe('knobs and their values, such as arms.ArcFace.loss.scale: [16, 32, 64]'),
  search: z
    .enum(['grid', 'random'])
    .default('grid')
    .describe('grid: every combination; random: as many random combinations as the budget allows'),
  budget: z.int().min(1).max(500).default(20).describe('the largest number of combinations'),
  seed: z.int().min(0).default(1).describe('seed of the random combinations'),
  halving: z
    .preprocess((value) => (value === true ? {} : value), halvingSchema)
    .optional()
    .describe(
      'true, or settings: successive halving. Each round trains fewer combinations for more epochs, chosen by val',
    ),
});
export type SweepPlan = z.infer<typeof sweepSchema>;
