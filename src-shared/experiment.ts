import { z } from 'zod';
import {
  type ArmPlan,
  armSchema,
  ladderSchema,
  type Setting,
  sweepSchema,
  type TrainedArm,
  trainedArms,
} from './arms.ts';
import { noParent } from './ancestry.ts';
import { dataSchema, prepareSchema } from './dataSchema.ts';
import { extendsSchema } from './extendsSchema.ts';
import { knobsOf, shortKnobs, withKnob } from './knobs.ts';
import { ladderArms } from './ladder.ts';
import { lossSchema } from './losses.ts';
import { firstLook as fewestPairs } from './maths/groupSequential.ts';
import { modelSchema } from './modelSchema.ts';
import { nearestName } from './nearestName.ts';
import { splitSchema } from './splitSchema.ts';
import { sweptArms } from './sweep.ts';
import { trainingSchema } from './trainingSchema.ts';
import { tuneSchema, tuningTrials } from './tune.ts';

export type { ArmPlan, TrainedArm } from './arms.ts';

const defaultArms: readonly TrainedArm[] = [
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
  extends: extendsSchema
    .optional()
    .describe('written by --extend: the experiment whose finished runs are trained for more epochs'),
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
            'is evaluated on them at its end, as insightface does',
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
          'the val measure that chooses the epoch of each run that is evaluated, and what tune and sweep choose by. ' +
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
  if (trainedArms({ arms }).length === 0) refuse(['tune'], 'no arm is trained, so that nothing can be tuned');
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
  if (trainedArms({ arms }).length === 0)
    refuse(['stopping'], 'no arm is trained, so that more seeds would change nothing: leave out stopping');
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
  checkKind(arm, refuse);
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
  refuseTwoStarts(plan, arm, refuse);
}

/** Refuses an arm whose weights would come from two places. */
function refuseTwoStarts(plan: Experiment, arm: ArmPlan, refuse: Refuse): void {
  const own = (knob: 'weights' | 'from') => arm.settings?.[`model.${knob}`] ?? plan.model[knob];
  if (own('from') === noParent || own('weights') === 'random') return;
  refuse(
    arm.settings?.['model.from'] === undefined ? [] : ['settings', 'model.from'],
    `the arm ${arm.name} has two starts, model.from and model.weights: keep one of them, and set the other to ` +
      `${noParent} or random`,
  );
}

/** Refuses an arm that is neither trained nor there already, or both. */
function checkKind(arm: ArmPlan, refuse: Refuse): void {
  const [kind, second] = (['loss', 'onnx', 'embeddings'] as const).filter((key) => arm[key] !== undefined);
  if (kind === undefined)
    refuse(['loss'], `the arm ${arm.name} has no loss: give it one, or a model that is there with onnx or embeddings`);
  else if (second !== undefined)
    refuse([second], `the arm ${arm.name} has both ${kind} and ${second}: keep one of them, and make two arms of both`);
  else if (kind === 'loss') checkLoss(arm, refuse);
  else if (arm.settings)
    refuse(['settings'], `the arm ${arm.name} is not trained, and has no settings: leave them out`);
}

function checkLoss(arm: ArmPlan, refuse: Refuse): void {
  const loss = lossSchema.safeParse(arm.loss);
  const place = loss.error?.issues[0]?.path ?? [];
  if (!loss.success)
    refuse(
      arm.variantOf === undefined ? ['loss'] : ['loss', ...place],
      `the arm ${arm.name} is refused: ${loss.error.issues[0]?.message ?? ''}`,
    );
  if (arm.sha256 !== undefined)
    refuse(['sha256'], `the arm ${arm.name} is trained, and sha256 is that of a model that is there: leave it out`);
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
