import { z } from 'zod';
import { armSchema, ladderSchema, sweepSchema, type ArmPlan, type Setting } from './arms.ts';
import { knobsOf, shortKnobs, withKnob } from './knobs.ts';
import { firstLook as fewestPairs } from './maths/groupSequential.ts';
import { ladderArms } from './ladder.ts';
import { lossSchema } from './losses.ts';
import { nearestName } from './nearestName.ts';
import { sweptArms } from './sweep.ts';
import { tuneSchema, tuningTrials } from './tune.ts';

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
  'efficientnet-lite1',
  'efficientnet-lite2',
] as const;
export type BackboneName = (typeof backboneNames)[number];

/** Whether a data source is the placeholder of a preset, such as /path/to/faces: the user gives the real folder. */
export const isPlaceholder = (source: string): boolean => source.startsWith('/path/to/');

const mostDemoPictures = 1_000_000; // drawing them takes most of an hour and 10 GB
const demoPictures = (demo: unknown): number => {
  const { people, imagesPerPerson } = demo as { people: number; imagesPerPerson: number };
  return people * imagesPerPerson;
};

export const dataSchema = z.strictObject({
  source: z
    .string()
    .default('demo')
    .describe(
      "'demo' for synthetic faces, a folder, a CSV file or a record file (train.rec); a relative path starts at the " +
        'experiment file',
    ),
  layout: z
    .enum(['auto', 'folders', 'celeba', 'course', 'csv', 'records'])
    .default('auto')
    .describe(
      "how the source is organised: folders of people, CelebA, the course's archive (celebA_train_500, celebA_ir), " +
        'a CSV file, or MXNet records (train.rec); auto: ArcBench finds out',
    ),
  people: z
    .union([z.enum(['auto', 'fileName']), z.int().min(1).max(9)])
    .default('auto')
    .describe(
      'which folders are people: their level below the source (1: its sub-folders), or fileName where all pictures ' +
        'are in one folder and named Name_0001.jpg; auto: ArcBench finds out',
    ),
  licence: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('the licence or terms of the pictures, in your words; exports and model cards state it'),
  demo: z
    .strictObject({
      people: z.int().min(4).max(100_000).default(300).describe('number of synthetic people'),
      imagesPerPerson: z.int().min(2).max(1000).default(20).describe('number of images of each synthetic person'),
      seed: z.int().min(0).default(1).describe('seed of the face generator'),
    })
    .refine((demo) => demo.people * demo.imagesPerPerson <= mostDemoPictures, {
      error: ({ input }) =>
        `the demo would have ${demoPictures(input).toLocaleString('en')} pictures, more than the ` +
        `${mostDemoPictures.toLocaleString('en')} that are drawn; lower people or imagesPerPerson`,
    })
    .prefault({}),
});

export const prepareSchema = z.strictObject({
  inputSize: z.int().min(32).max(224).default(112).describe('side of the square network input, in pixels'),
  alignment: z
    .enum(['auto', 'landmarks', 'detect', 'centreCrop', 'whole'])
    .default('auto')
    .describe(
      'landmarks: align by the five points of the dataset; detect: find missing points with a face detector; ' +
        'centreCrop: cut a square from the middle; whole: stretch the whole picture to a square, for pictures that ' +
        'are all framed alike; auto: landmarks where the dataset has them, else centreCrop',
    ),
  faceRatio: z
    .number()
    .min(0.2)
    .max(1)
    .default(1)
    .describe("centreCrop: side of the crop, as a share of the picture's shorter side"),
});

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

export const modelSchema = z.strictObject({
  backbone: z.enum(backboneNames).default('smallcnn').describe('the network that turns an image into an embedding'),
  weights: z
    .string()
    .default('random')
    .describe(
      "the initial weights: 'random'; 'imagenet' (resnet18, resnet50 and efficientnet-lite; downloaded once); or a " +
        ".safetensors or torch .pth file of ImageNet weights with torchvision's or timm's names, relative to the " +
        'experiment file. The embedding layer always starts at random. Weights trained on faces are refused',
    ),
  embeddingSize: z.int().min(2).max(4096).default(128).describe('how many numbers an embedding has'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe('share of the features that dropout sets to 0 before the embedding layer'),
  batchNormMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "weight of each batch in the running statistics of the backbone's batch norm, which val and test use. 0: " +
        "chosen for you, which is 0.1 when training starts from a weight file, and else the backbone's own (0.01 for " +
        'EfficientNet-Lite, 0.1 for the others). Slower statistics lag behind a short fine-tuning',
    ),
});

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

const defaultArms: readonly ArmPlan[] = [
  { name: 'cross-entropy', loss: { name: 'crossEntropy', labelSmoothing: 0 } },
  { name: 'ArcFace', loss: { name: 'arcFace', marginRadians: 0.5, scale: 64, labelSmoothing: 0 } },
];

const firstSeeds = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const repeatedIn = (seeds: readonly number[]) => seeds.find((seed, place) => seeds.indexOf(seed) !== place);

export const stoppingSchema = z.strictObject({
  equalWithin: z
    .number()
    .gt(0)
    .max(50)
    .default(0.2)
    .describe('percentage points: differences that are surely smaller count as equal'),
});

const untilSchema = z.strictObject({
  until: z.literal('decided'),
  atMost: z.int().min(5).max(50).default(10),
  equalWithin: z.number().optional(),
});

/** `seeds: { until: decided, atMost: 10, equalWithin: 0.2 }` is short for a list of seeds and a stopping rule. */
function withStopping(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('seeds' in value)) return value;
  const until = untilSchema.safeParse(value.seeds);
  if (!until.success || 'stopping' in value) return value;
  const { atMost, equalWithin } = until.data;
  return { ...value, seeds: firstSeeds(atMost), stopping: equalWithin === undefined ? {} : { equalWithin } };
}

const usualValPeople = 0.1;
const chosenByIdentification = z.looseObject({
  evaluation: z.looseObject({ select: z.literal('identification') }),
  split: z
    .looseObject({ valPeople: z.unknown().optional(), assign: z.record(z.string(), z.unknown()).optional() })
    .default({}),
});

/** Holds out people for val where identification chooses the epoch and the file does not say how many. */
function withValPeople(value: unknown): unknown {
  const found = chosenByIdentification.safeParse(value);
  if (!found.success) return value;
  const { split } = found.data;
  const isSaid = split.valPeople !== undefined || Object.values(split.assign ?? {}).includes('val');
  return isSaid ? value : { ...found.data, split: { ...split, valPeople: usualValPeople } };
}

/** The value of evaluation.pairs without a file. */
export const builtPairs = 'built';

const mostSeeds = 1000;

/** The experiment as it is in a file: every knob with its default, range and unit. */
export const experimentFields = z.strictObject({
  name: z.string().min(1).max(200).default('experiment').describe('the name in lists and reports'),
  data: dataSchema.prefault({}),
  prepare: prepareSchema.prefault({}),
  split: splitSchema.prefault({}),
  model: modelSchema.prefault({}),
  training: trainingSchema.prefault({}),
  // `seeds: 5` is short for the first five.
  seeds: z
    .preprocess(
      (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostSeeds
          ? firstSeeds(value)
          : value,
      z
        .array(z.int().min(0))
        .min(1)
        .max(mostSeeds)
        .refine((seeds) => new Set(seeds).size === seeds.length, {
          error: ({ input }) =>
            `seed ${repeatedIn(input as number[])} is there twice, and a run counts only once: name each seed once`,
        }),
    )
    .prefault([1])
    .describe(
      'each arm is trained once with each seed: how many (5 stands for the seeds 1 to 5), or a list of them; or ' +
        'until: decided, with atMost and equalWithin, to stop as soon as there is a verdict',
    ),
  stopping: stoppingSchema
    .optional()
    .describe('stop before the last seed when every primary metric has a verdict, or little chance of one'),
  arms: z
    .array(armSchema)
    .min(1)
    .max(1000)
    .default([...defaultArms])
    .refine((arms) => new Set(arms.map((arm) => arm.name)).size === arms.length, {
      error: 'two arms have the same name',
    }),
  ladder: ladderSchema
    .optional()
    .describe('true, or settings: arms from cross-entropy to sub-center ArcFace that change one thing at a time'),
  sweep: sweepSchema.optional().describe('knobs and the values to try for them'),
  tune: tuneSchema
    .optional()
    .describe(
      'tune each arm before the comparison: all arms try the same values, val chooses with seeds of its own, and the ' +
        'comparison then trains with other seeds',
    ),
  evaluation: z
    .strictObject({
      falsePositiveRates: z
        .array(z.number().gt(0).lt(1))
        .min(1)
        .max(50)
        .default([0.5, 0.2, 0.1, 0.05, 0.01, 0.001, 0.0001])
        .describe(
          'false positive rates at which identification is measured; rates with too few negatives are left out',
        ),
      pairs: z
        .string()
        .min(1)
        .default(builtPairs)
        .describe(
          "verification pairs: 'built' from held-out people, or a list of pairs, relative to the experiment file " +
            "(LFW's pairs.txt, two paths and a label, CPLFW, CALFW, or a CSV with file_x, file_y, Decision)",
        ),
      sets: z
        .array(z.string().min(1))
        .max(50)
        .default([])
        .describe(
          'verification sets such as lfw.bin, cfp_fp.bin and agedb_30.bin, relative to the experiment file; each run ' +
            'is judged on them at its end, as insightface does',
        ),
      pairWeights: z
        .enum(['people', 'pairs'])
        .default('people')
        .describe(
          'what has equal weight in rates over pairs. people: each person; pairs: each pair, so people with many ' +
            'pictures count more',
        ),
      select: z
        .enum(['accuracy', 'identification'])
        .default('accuracy')
        .describe(
          'the val measure that chooses the epoch of each run that is judged, and what tune and sweep choose by. ' +
            'accuracy: top-1 on other pictures of the people in train; identification: the identification rate of ' +
            'people held out for val (split.valPeople)',
        ),
      flip: z.boolean().default(true).describe('add the embedding of the mirrored image to that of the image'),
    })
    .prefault({}),
  report: z
    .strictObject({ language: z.enum(['en', 'ru']).default('en').describe('language of the report') })
    .prefault({}),
});
type Experiment = z.infer<typeof experimentFields>;
/** The place of the swept value that made a variant invalid, or the whole sweep where no single knob did. */
function sweptPath({ sweep }: Experiment, { variantOf }: ArmPlan, path: readonly PropertyKey[]): PropertyKey[] {
  const name = path[0] === 'settings' ? String(path[1]) : ['arms', variantOf, ...path].join('.');
  return ['sweep', 'knobs', ...(sweep && Object.hasOwn(sweep.knobs, name) ? [name] : [])];
}

type Refuse = (path: readonly PropertyKey[], message: string) => void;

/**
 * Parses an experiment into a plan: defaults are filled in, and a ladder or sweep is written out as arms. Parsing a
 * plan again changes nothing.
 */
export const experimentSchema = z.preprocess(
  (value) => withValPeople(withStopping(value)),
  experimentFields.transform((experiment, context): Experiment => {
    const refuse: Refuse = (path, message) =>
      context.addIssue({ code: 'custom', path: [...path], message, input: experiment });
    const arms = writtenOutArms(experiment, refuse);
    const plan = { ...experiment, arms };
    arms.forEach((arm, index) =>
      checkArm(plan, index, (path, message) =>
        refuse(arm.variantOf === undefined ? ['arms', index, ...path] : sweptPath(experiment, arm, path), message),
      ),
    );
    checkTuning(plan, refuse);
    checkStopping(plan, refuse);
    checkSelect(plan, refuse);
    return plan;
  }),
);
export type Plan = z.infer<typeof experimentSchema>;

/** Refuses a grid that an arm cannot try, or that would not be the only choice of its knobs. */
function checkTuning(plan: Experiment, refuse: Refuse): void {
  const { tune, sweep, arms } = plan;
  if (!tune) return;
  if (sweep) {
    refuse(['tune'], 'tune and sweep both try values: keep one of them');
    return;
  }
  for (const arm of arms)
    for (const knob of Object.keys(tune.knobs))
      if (arm.settings && Object.hasOwn(arm.settings, knob))
        refuse(
          ['tune', 'knobs', knob],
          `${knob} is tuned, but the arm ${arm.name} sets it too: take it out of the arm's settings`,
        );
  const trials = tuningTrials(plan, (knob, message) =>
    refuse(['tune', 'knobs', ...(knob === '' ? [] : [knob])], message),
  );
  trials.forEach((_, index) =>
    checkArm({ ...plan, arms: trials }, index, (path, message) => {
      if (path[0] === 'settings') refuse(['tune', 'knobs', ...path.slice(1)], message);
    }),
  );
}

/** Refuses a duel that cannot stop by itself. */
function checkStopping({ stopping, seeds, arms, sweep }: Experiment, refuse: Refuse): void {
  if (!stopping) return;
  if (seeds.length < fewestPairs)
    refuse(
      ['seeds'],
      `a comparison that stops by itself is first looked at after ${fewestPairs} seeds: give at least that many`,
    );
  if (arms.length < 2) refuse(['stopping'], 'one arm alone has no comparison to stop: add an arm');
  if (sweep) refuse(['stopping'], 'a sweep compares what val chose at its end: leave out stopping or sweep');
}

/** Refuses to choose by the identification of people whom nobody holds out. */
function checkSelect({ evaluation, split }: Experiment, refuse: Refuse): void {
  if (evaluation.select !== 'identification') return;
  if (split.valPeople === 0 && !Object.values(split.assign).includes('val'))
    refuse(
      ['split', 'valPeople'],
      'evaluation.select: identification needs people who are held out for val: give a share above 0, such as 0.1',
    );
}

function writtenOutArms({ arms, ladder, sweep, training, model }: Experiment, refuse: Refuse): ArmPlan[] {
  if (ladder && sweep) {
    refuse(['sweep'], 'ladder (an ablation) and sweep cannot be combined: keep one of them');
    return arms;
  }
  if (ladder) {
    const steps = ladderArms(ladder);
    const isFree = [steps, defaultArms].some((free) => JSON.stringify(free) === JSON.stringify(arms));
    if (!isFree) refuse(['arms'], 'ladder (an ablation) has arms of its own: leave out arms or ladder');
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
        'successive halving decides the epochs itself: leave training.epochs out of the knobs and of the settings ' +
          'of arms',
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

/** Refuses settings that do not exist or are out of range, and a step from an arm that does not exist. */
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
    if (!known.includes(name) && !Object.hasOwn(shortKnobs, name)) {
      const nearest = nearestName(name, known);
      refuse(
        ['settings', name],
        `there is no knob '${name}' of training or ` +
          `model${nearest === null ? '' : `; the nearest known name is '${nearest}'`}`,
      );
      return;
    }
    const parsed = sectionsSchema.safeParse(withKnob<unknown>(sections, name, value));
    const issue = parsed.error?.issues[0];
    if (issue) refuse(['settings', name], `${name} cannot be ${value}: ${expectedOf(issue)}`);
  }
}

/** What an issue expected, in plain words where the parser's own are not. */
function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : issue.expected}`;
    default:
      return issue.message;
  }
}

const sectionsSchema = z.strictObject({ training: trainingSchema, model: modelSchema });

/** The rule of one split: its seed is a number. */
export type SplitRule = Omit<Plan['split'], 'seed'> & { readonly seed: number };

/** The seed of the split that the runs of a seed train on. */
export const splitSeedOf = ({ seed }: Pick<Plan['split'], 'seed'>, ofRun: number): number =>
  seed === 'perSeed' ? ofRun : seed;

/** The plan of one arm: its settings replace those of training and model. */
export function planOfArm(plan: Plan, arm: ArmPlan): Plan {
  const sections = Object.entries(arm.settings ?? {}).reduce(
    (all, [name, value]: [string, Setting]) => withKnob(all, name, value),
    { training: plan.training, model: plan.model },
  );
  return { ...plan, ...sectionsSchema.parse(sections) };
}

/**
 * How many of n class centres a training step draws, including those of the classes in its batch (Partial FC, arXiv
 * 2203.15565). Null where every step uses all of them.
 */
export const drawnClasses = (
  { classSampleRate, batchSize }: Pick<Plan['training'], 'classSampleRate' | 'batchSize'>,
  classes: number,
): number | null =>
  classSampleRate === 1 ? null : Math.max(Math.round(classSampleRate * classes), Math.min(batchSize, classes));
