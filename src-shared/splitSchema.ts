import { z } from 'zod';

const share = (text: string) => z.number().min(0).max(1).describe(text);

export const partNames = ['train', 'val', 'test', 'query', 'distractors'] as const;
export type PartName = (typeof partNames)[number];
/**
 * Where a person goes. The images of a person in training are shared among train, val and test; those of a person held
 * out for val are all in val.
 */
export const assignments = ['training', 'val', 'query', 'distractors', 'left out'] as const;
export type Assignment = (typeof assignments)[number];

const sharesOf = (split: unknown) =>
  ['train', 'val', 'test'].reduce((sum, part) => sum + Number((split as Record<string, unknown>)[part]), 0);

export const splitSchema = z
  .strictObject({
    seed: z
      .union([z.enum(['perSeed']), z.int().min(0)])
      .default(1)
      .describe(
        'seed of all random draws of the split; perSeed: each seed of the experiment draws a split of its own, so ' +
          'that the comparison covers other pictures and people too',
      ),
    from: z
      .enum(['auto', 'given', 'drawn'])
      .default('auto')
      .describe(
        'given: the parts that the source names (folders, a list or a column); drawn: at random, by the shares ' +
          'below; auto: given where the source names parts, else drawn',
      ),
    duplicates: z
      .enum(['resolve', 'block', 'allow'])
      .default('resolve')
      .describe(
        'copies of a picture. resolve: keep one of identical files, keep near-identical pictures of a person in one ' +
          'part, and leave out pictures under two names; block: refuse to train; allow: change nothing',
      ),
    minImages: z.int().min(1).default(5).describe('people with fewer images are left out'),
    train: share("share of each person's images for training").default(0.7),
    val: share("share of each person's images for choosing the best epoch").default(0.15),
    test: share("share of each person's images for the final accuracy on people from training").default(0.15),
    query: share('share of people held out for identification and verification').default(0.1),
    distractors: share('share of people held out as distractors: faces that are nobody in query').default(0.1),
    valPeople: share(
      'share of people held out for val: identification is measured on them after each epoch, and evaluation.select: ' +
        'identification chooses the epoch by it, which needs some (0.1 if you leave this out)',
    ).default(0),
    assign: z
      .record(z.string(), z.enum(assignments))
      .default({})
      .describe('people whose part you choose yourself, by name, instead of the random draw'),
    allowFindings: z
      .array(z.string())
      .max(10_000)
      .default([])
      .describe(
        "names of audit findings that do not block training, each with its reason: 'name: why it is harmless'. The " +
          'report shows both',
      ),
  })
  .refine((split) => Math.abs(split.train + split.val + split.test - 1) < 1e-6, {
    error: ({ input }) =>
      `train, val and test must add up to 1, not to ${sharesOf(input).toFixed(2)}; change all three`,
    path: ['train'],
  })
  .refine((split) => split.query + split.distractors + split.valPeople < 0.9, {
    error: 'query, distractors and valPeople together must be below 0.9 of the people',
    path: ['query'],
  });
