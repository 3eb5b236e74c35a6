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
    .describe('knobs of training and model that this arm sets otherwise, such as training.learningRate'),
  against: z
    .string()
    .optional()
    .describe('the arm that this one is one step away from: the report says what the step bought'),
  variantOf: z.string().optional().describe('the arm that a sweep made this one from'),
});
export type ArmPlan = z.infer<typeof armSchema>;

/** One line, `ladder: true`, for the arms from cross-entropy to sub-centres, each one step from the one before. */
export const ladderSchema = z.preprocess(
  (value) => (value === true ? {} : value),
  z.strictObject({
    scale: z.number().positive().max(1024).default(64).describe('s, from the third step on'),
    marginRadians: z
      .number()
      .min(0)
      .max(Math.PI / 2)
      .default(0.5)
      .describe('m in radians, from the fourth step on'),
    subCenters: z.int().min(2).max(20).default(3).describe('K, the centres of each class in the last step'),
  }),
);
export type LadderPlan = z.infer<typeof ladderSchema>;

const sweptKnobSchema = z
  .preprocess(
    (value) => (Array.isArray(value) ? { values: value } : value),
    z.strictObject({
      values: z.array(settingSchema).min(1).max(100).optional().describe('the values to try'),
      from: z.number().optional().describe('the lowest value of a range'),
      to: z
        .number()
        .optional()
        .describe(
          'the highest value of a range; whole numbers are drawn where both ends are whole and at least 2 apart',
        ),
      log: z.boolean().optional().describe('whether the range is walked by factors'),
      steps: z
        .int()
        .min(2)
        .max(50)
        .optional()
        .describe('values that a grid takes from the range; 3 where it is left out'),
    }),
  )
  .refine((knob) => knob.values !== undefined || (knob.from !== undefined && knob.to !== undefined), {
    error: 'give a list of values, or a range with from and to',
  })
  .refine((knob) => knob.values === undefined || (knob.from === undefined && knob.to === undefined), {
    error: 'values and a range exclude one another',
  })
  .refine((knob) => knob.from === undefined || knob.to === undefined || knob.from < knob.to, {
    error: 'from must stay below to',
  })
  .refine((knob) => knob.log !== true || knob.from === undefined || knob.from > 0, {
    error: 'a range that is walked by factors must begin above 0',
  });
export type SweptKnob = z.infer<typeof sweptKnobSchema>;

const halvingSchema = z.strictObject({
  factor: z
    .int()
    .min(2)
    .max(10)
    .default(3)
    .describe('of each round the best 1/factor go on, to factor times as many epochs'),
  firstEpochs: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('epochs of the first round, in which every combination trains'),
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
    .describe('grid: every combination; random: as many draws as the budget allows'),
  budget: z.int().min(1).max(500).default(20).describe('the most combinations'),
  seed: z.int().min(0).default(1).describe('seed of the draws'),
  halving: z
    .preprocess((value) => (value === true ? {} : value), halvingSchema)
    .optional()
    .describe('successive halving: rounds of ever more epochs for ever fewer combinations, chosen by val'),
});
export type SweepPlan = z.infer<typeof sweepSchema>;
