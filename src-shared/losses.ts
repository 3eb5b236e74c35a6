import { z } from 'zod';

const scale = z.number().positive().max(1024).default(64).describe('s, the radius of the hypersphere the logits are read on');
const marginRadians = z.number().min(0).max(Math.PI / 2).default(0.5).describe('m, the angle in radians added to the target angle');

/** Catalogue of losses: formula, paper and hyperparameters; it drives form, schema and engine. */
export const lossCatalogue = {
  crossEntropy: {
    title: 'Cross-entropy',
    formula: 'W_y·x + b, softmax cross-entropy',
    paper: '-',
    schema: z.strictObject({
      name: z.literal('crossEntropy'),
      labelSmoothing: z.number().min(0).max(0.9).default(0).describe('share of the target spread over all classes'),
    }),
  },
  normFace: {
    title: 'NormFace',
    formula: 's cos θ_y',
    paper: 'arXiv 1704.06369',
    schema: z.strictObject({ name: z.literal('normFace'), scale }),
  },
  arcFace: {
    title: 'ArcFace',
    formula: 's cos(θ_y + m); beyond π − m: s (cos θ_y − m sin m)',
    paper: 'arXiv 1801.07698, equation 3',
    schema: z.strictObject({ name: z.literal('arcFace'), marginRadians, scale }),
  },
} as const;

export type LossName = keyof typeof lossCatalogue;
export const lossNames = Object.keys(lossCatalogue) as LossName[];

/** One loss with its hyperparameters filled in; a bare name stands for its defaults. */
export const lossSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  z.discriminatedUnion('name', [lossCatalogue.crossEntropy.schema, lossCatalogue.normFace.schema, lossCatalogue.arcFace.schema]),
);
export type LossPlan = z.infer<typeof lossSchema>;
