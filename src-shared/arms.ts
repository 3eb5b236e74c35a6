import { z } from 'zod';
import { lossSchema, type LossPlan } from './losses.ts';

const settingSchema = z.union([z.number(), z.string(), z.boolean()], {
  error: 'expected a number, a text, or true or false',
});
export type Setting = z.infer<typeof settingSchema>;

export const armSchema = z.strictObject({
  name: z.string().min(1).max(80),
  loss: lossSchema.optional(),
  onnx: z
    .string()
    .min(1)
    .optional()
    .describe(
      'in place of a loss: a model that is there already, such as w600k_r50.onnx, relative to the experiment file. ' +
        'It is not trained, but evaluated as the other arms are. It takes RGB pictures as [batch, 3, height, width]',
    ),
  embeddings: z
    .string()
    .min(1)
    .optional()
    .describe(
      'in place of a loss: embeddings that are there already, a .npy file with labels.tsv beside it, as ' +
        '`arcbench embed` writes them, relative to the experiment file. They are evaluated as the other arms are',
    ),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: 'expected a SHA-256: 64 digits from 0 to f' })
    .optional()
    .describe('the SHA-256 of what onnx or embeddings names, filled in when it is read; another content is refused'),
  settings: z
    .record(z.string(), settingSchema)
    .optional()
    .describe('knobs of training and model that differ in this arm, such as training.learningRate'),
  against: z.string().optional().describe('the arm that this one is a step from; the report says what the step gained'),
  variantOf: z.string().optional().describe('the arm that a sweep made this variant of'),
});
/** An arm: trained with a loss, or a model or embeddings that are there already. */
export type ArmPlan = z.infer<typeof armSchema>;
/** An arm that is trained. */
export type TrainedArm = ArmPlan & { readonly loss: LossPlan };

export const isTrained = (arm: ArmPlan): arm is TrainedArm => arm.loss !== undefined;
export const trainedArms = ({ arms }: { readonly arms: readonly ArmPlan[] }): TrainedArm[] => arms.filter(isTrained);

/** What an arm that is not trained here is: a model, or embeddings. */
export interface GivenModel {
  readonly kind: 'onnx' | 'embeddings';
  /** As the experiment names it. */
  readonly file: string;
}

/** What an arm is that is not trained here; null for one that is. */
export function givenModelOf({ onnx, embeddings }: Pick<ArmPlan, 'onnx' | 'embeddings'>): GivenModel | null {
  if (onnx !== undefined) return { kind: 'onnx', file: onnx };
  return embeddings === undefined ? null : { kind: 'embeddings', file: embeddings };
}

export const hasGivenArm = ({ arms }: { readonly arms: readonly ArmPlan[] }): boolean => !arms.every(isTrained);

/**
 * The seeds with which an arm has a run. A model that is not trained has no seed: it has one run, under the first seed,
 * or one on each split where each seed draws its own.
 */
export function seedsOfArm(
  { seeds, split }: { readonly seeds: readonly number[]; readonly split: { readonly seed: number | 'perSeed' } },
  arm: ArmPlan,
): number[] {
  const own = [...new Set(seeds)];
  return isTrained(arm) || split.seed === 'perSeed' ? own : own.slice(0, 1);
}

/** Whether the one run of an arm is compared with every seed of the others: nothing in it depends on a seed. */
export const countsForEverySeed = (
  { split }: { readonly split: { readonly seed: number | 'perSeed' } },
  arm: ArmPlan,
): boolean => !isTrained(arm) && split.seed !== 'perSeed';

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
