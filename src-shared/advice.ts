import { noParent } from './ancestry.ts';
import { batchNormMomentum } from './batchNormMomentum.ts';
import { trainedArms, type TrainedArm } from './arms.ts';
import { drawnClasses, planOfArm, type Plan } from './experiment.ts';
import { lossTerms } from './losses.ts';
import { lowestLoss, scaleFor } from './lowestLoss.ts';
import { refuseClassSampling } from './refuseTraining.ts';
import { firstLook as fewestPairs } from './maths/groupSequential.ts';
import { wilsonInterval } from './maths/statistics.ts';
import type { TextKey, Texts } from './reportTexts.ts';
import type { Photographs } from './photographs.ts';
import type { TuningOutcome } from './tuningOutcome.ts';

/** What is known about the data before training. */
export interface SplitFacts {
  /** The number of training images of each person. */
  readonly trainImages: readonly number[];
  readonly testImages: number;
  /** Pairs that the identification rate is measured on. */
  readonly positives: number;
  readonly negatives: number;
  /** Whole photographs among the pictures without landmarks; null if there are few, absent if that is unknown. */
  readonly photographs?: Photographs | null;
  /** People who are held out for val. */
  readonly valPeople?: number;
}

export type AdviceKey = Exclude<Extract<TextKey, `advice.${string}`>, 'advice.otherArms'>;
/** The knob that each advice is about. A knob of an arm's loss starts with 'loss.'. */
export const adviceKnobs: Readonly<Record<AdviceKey, string>> = {
  'advice.scale': 'loss.scale',
  'advice.margin': 'loss.marginRadians',
  'advice.crowded': 'loss.marginRadians',
  'advice.manyClasses': 'training.classSampleRate',
  'advice.fewDrawn': 'training.classSampleRate',
  'advice.rateHigh': 'training.learningRate',
  'advice.rateLow': 'training.learningRate',
  'advice.frozenRandom': 'training.freezeBackboneEpochs',
  'advice.neverThawed': 'training.freezeBackboneEpochs',
  'advice.slowBackbone': 'training.backboneRate',
  'advice.slowStatistics': 'model.batchNormMomentum',
  'advice.smoothing': 'loss.labelSmoothing',
  'advice.photographs': 'prepare.alignment',
  'advice.images': 'split.minImages',
  'advice.test': 'split.test',
  'advice.negatives': 'evaluation.falsePositiveRates',
  'advice.noPairs': 'split.query',
  'advice.fewValPeople': 'split.valPeople',
  'advice.oneSeed': 'seeds',
  'advice.fewSeeds': 'seeds',
  'advice.rateApart': 'training.learningRate',
  'advice.rateEdge': 'tune.knobs',
};

/** A warning before training: the key of a text and its numbers. adviceSentence writes it in any language. */
export interface Advice {
  readonly key: AdviceKey;
  readonly values: Readonly<Record<string, AdviceValue>>;
}
type AdviceValue = string | number | readonly number[] | readonly string[];

const reachableLoss = 0.01;
const harmlessLoss = 0.1;
const gentle = { marginRadians: 0.3, scale: 32 };

/**
 * The largest angle in radians that n directions in d dimensions can all keep from one another: that of a regular
 * simplex for up to d + 1 directions, at most a right angle for more (Rankin 1955), and 2π/n on the circle.
 */
export function widestSeparation(classes: number, dimensions: number): number {
  if (dimensions === 2) return (2 * Math.PI) / classes;
  // On the sphere, Fejes Tóth's bound (1943) is far tighter than Rankin's.
  if (dimensions === 3 && classes > 4)
    return Math.acos(((1 / Math.tan((Math.PI * classes) / (6 * (classes - 2)))) ** 2 - 1) / 2);
  return classes <= dimensions + 1 ? Math.acos(-1 / (classes - 1)) : Math.PI / 2;
}

/**
 * All warnings about a plan before it is trained, the most certain first. Without facts about the data, only the
 * warnings that need none.
 */
export function adviceBeforeTraining(plan: Plan, facts: SplitFacts | null): Advice[] {
  return grouped([
    ...photographAdvice(plan, facts?.photographs ?? null),
    ...trainedArms(plan).flatMap((arm): Advice[] => {
      const own = planOfArm(plan, arm);
      return [
        ...(facts ? [...lossAdvice(arm, own, facts), ...drawAdvice(arm, own, facts)] : []),
        ...rateAdvice(arm.name, own.training),
        ...backboneAdvice(arm.name, own),
        ...(facts ? fineTuningAdvice(arm, own, facts) : []),
      ];
    }),
    ...(facts ? dataAdvice(plan, facts) : []),
    ...(facts ? valAdvice(plan, facts) : []),
    ...seedAdvice(plan),
  ]);
}

/** Warns where whole photographs would be cropped at their centre, wherever the face is. */
export function photographAdvice({ prepare }: Pick<Plan, 'prepare'>, photographs: Photographs | null): Advice[] {
  if (photographs === null || (prepare.alignment !== 'auto' && prepare.alignment !== 'centreCrop')) return [];
  return [{ key: 'advice.photographs', values: { ...photographs } }];
}

function lossAdvice(arm: TrainedArm, own: Plan, { trainImages }: SplitFacts): Advice[] {
  const images = trainImages.reduce((sum, count) => sum + count, 0);
  return lossTerms(arm.loss).flatMap(({ loss }) => {
    const scale = 'scale' in loss ? loss.scale : null;
    const margin = 'marginRadians' in loss ? loss.marginRadians : 0;
    if (scale === null) return [];
    const about = {
      arm: arm.name,
      scale,
      classes: trainImages.length,
      softmaxOver: drawnClasses(own.training, trainImages.length) ?? trainImages.length,
      images,
      margin,
      dimensions: own.model.embeddingSize,
    };
    return [...scaleAdvice(about), ...marginAdvice(about)];
  });
}

/** Below this number of classes, the head takes almost no time (npm run bench:classes). */
const fewClasses = 10_000;
/** From this number of classes on, the head takes most of a step. */
const manyClasses = 50_000;

/** Warns where drawing class centres saves nothing, and where using all of them costs most of the time. */
function drawAdvice(arm: TrainedArm, { training, model }: Plan, { trainImages }: SplitFacts): Advice[] {
  const classes = trainImages.length;
  const drawn = drawnClasses(training, classes);
  if (drawn !== null)
    return classes < fewClasses ? [{ key: 'advice.fewDrawn', values: { arm: arm.name, drawn, classes } }] : [];
  const rate = 0.1;
  const samples = classes >= manyClasses && refuseClassSampling(arm.loss, { classSampleRate: rate }) === null;
  return samples
    ? [
        {
          key: 'advice.manyClasses',
          values: { arm: arm.name, classes, numbers: Math.round((classes * model.embeddingSize) / 1e6), rate },
        },
      ]
    : [];
}

/** An advice as a sentence. */
export function adviceSentence({ key, values }: Advice, texts: Texts): string {
  const write = (value: AdviceValue) => {
    if (typeof value === 'number') return Number.isInteger(value) ? value : texts.short(value);
    if (typeof value === 'string') return value;
    const items = value.map((item) => (typeof item === 'number' ? texts.short(item) : item));
    return key !== 'advice.negatives' && items.length > 3
      ? texts.list([items[0] as string, texts.say('advice.otherArms', { arms: items.length - 1 })])
      : texts.list(items);
  };
  return texts.say(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, write(value)])));
}

interface LossFacts {
  readonly arm: string;
  readonly scale: number;
  readonly margin: number;
  readonly classes: number;
  /** Classes in the softmax of a step. */
  readonly softmaxOver: number;
  readonly images: number;
  readonly dimensions: number;
}

function scaleAdvice({ arm, scale, softmaxOver: classes }: LossFacts): Advice[] {
  const bound = lowestLoss(scale, classes);
  return bound <= harmlessLoss
    ? []
    : [
        {
          key: 'advice.scale',
          values: {
            arm,
            scale,
            classes,
            bound,
            target: reachableLoss,
            needed: Math.ceil(scaleFor(reachableLoss, classes)),
          },
        },
      ];
}

function marginAdvice({ arm, scale, margin, classes, softmaxOver, images, dimensions }: LossFacts): Advice[] {
  const widest = widestSeparation(classes, dimensions);
  // An untrained embedding is at a right angle to every centre, so the target's logit is s cos(π/2 + m) = −s sin m and
  // all others are 0.
  const start = (s: number, m: number) => Math.log(softmaxOver - 1 + Math.exp(-s * Math.sin(m))) + s * Math.sin(m);
  const plain = Math.log(softmaxOver);
  return [
    ...(margin > widest
      ? [
          {
            key: 'advice.crowded' as const,
            values: { arm, classes, dimensions, angle: (widest * 180) / Math.PI, margin: (margin * 180) / Math.PI },
          },
        ]
      : []),
    ...(start(scale, margin) > plain + 20 && images < 20_000
      ? [
          {
            key: 'advice.margin' as const,
            values: {
              arm,
              margin,
              scale,
              start: start(scale, margin),
              times: start(scale, margin) / plain,
              plain,
              images,
              gentleMargin: gentle.marginRadians,
              gentleScale: gentle.scale,
              gentleStart: start(gentle.scale, gentle.marginRadians),
            },
          },
        ]
      : []),
  ];
}

const optimizerTitles = { sgd: 'SGD', adam: 'Adam', adamw: 'AdamW' } as const;

/**
 * The usual rate is 0.1 for 256 images a batch with SGD, scaled linearly (arXiv 1706.02677, section 2.1), and 0.001
 * with Adam and AdamW. A rate that is eight times higher or lower is worth a warning.
 */
function rateAdvice(arm: string, { learningRate: rate, batchSize: batch, optimizer }: Plan['training']): Advice[] {
  const usual = optimizer.name === 'sgd' ? (0.1 * batch) / 256 : 1e-3;
  const values = {
    arm,
    rate,
    usual,
    batch,
    optimizer: optimizerTitles[optimizer.name],
  };
  if (rate > 8 * usual)
    return [{ key: 'advice.rateHigh', values: { ...values, times: rate / usual, most: 4 * usual } }];
  return rate < usual / 8 ? [{ key: 'advice.rateLow', values: { ...values, times: usual / rate } }] : [];
}

/** A backbone that starts at random must learn at the full rate, and one that is always frozen never learns. */
function backboneAdvice(arm: string, { model, training }: Plan): Advice[] {
  const { freezeBackboneEpochs: frozen, backboneRate: factor, epochs } = training;
  const isRandom = model.weights === 'random' && model.from === noParent;
  if (frozen >= epochs) return [{ key: 'advice.neverThawed', values: { arm, frozen, epochs } }];
  if (isRandom && frozen > 0) return [{ key: 'advice.frozenRandom', values: { arm, frozen } }];
  return isRandom && factor < 1 ? [{ key: 'advice.slowBackbone', values: { arm, factor } }] : [];
}

/** Momentum from which running statistics are worth raising. */
const slowMomentum = 0.05;
/** Share of old statistics after an epoch that still hurts val. */
const harmlessLag = 0.2;
/** Below this median of pictures, label smoothing helped cross-entropy that starts from ImageNet. */
const fewPictures = 30;

/** What training from a weight file on few pictures a person needs. */
function fineTuningAdvice({ name: arm, loss }: TrainedArm, { model, training }: Plan, facts: SplitFacts): Advice[] {
  if (model.weights === 'random') return [];
  const { trainImages } = facts;
  const steps = Math.floor(trainImages.reduce((sum, count) => sum + count, 0) / training.batchSize);
  const momentum = batchNormMomentum(model);
  const lag = (1 - momentum) ** steps;
  const plain = lossTerms(loss).find((term) => term.loss.name === 'crossEntropy')?.loss;
  const median = medianOf(trainImages);
  return [
    ...(momentum < slowMomentum && lag > harmlessLag
      ? [{ key: 'advice.slowStatistics' as const, values: { arm, momentum, steps, lag: Math.round(100 * lag) } }]
      : []),
    ...(plain?.name === 'crossEntropy' && plain.labelSmoothing === 0 && median < fewPictures
      ? [{ key: 'advice.smoothing' as const, values: { arm, median } }]
      : []),
  ];
}

function medianOf(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
}

/** Of ten people, one alone can move their mean rate by ten points. */
const fewestValPeople = 10;

/** Warns where the epoch is chosen by the identification of a few people. */
const valAdvice = ({ evaluation }: Plan, { valPeople = 0 }: SplitFacts): Advice[] =>
  evaluation.select === 'identification' && valPeople > 0 && valPeople < fewestValPeople
    ? [{ key: 'advice.fewValPeople', values: { people: valPeople } }]
    : [];

function dataAdvice(plan: Plan, { trainImages, testImages, positives, negatives }: SplitFacts): Advice[] {
  const sorted = [...trainImages].sort((a, b) => a - b);
  const median = medianOf(trainImages);
  const near90 = wilsonInterval(0.9 * testImages, testImages);
  return [
    ...(median < 5
      ? [{ key: 'advice.images' as const, values: { people: sorted.length, median, fewest: sorted[0] ?? 0 } }]
      : []),
    ...(testImages > 0 && testImages < 200
      ? [
          {
            key: 'advice.test' as const,
            values: { images: testImages, reach: Math.round(50 * (near90.high - near90.low)) },
          },
        ]
      : []),
    ...pairAdvice(plan, positives, negatives),
  ];
}

/** Pairs that are missing, or too few for the lowest false positive rates. */
function pairAdvice({ evaluation }: Plan, positives: number, negatives: number): Advice[] {
  if (positives === 0 || negatives === 0) return [{ key: 'advice.noPairs', values: {} }];
  const rates = evaluation.falsePositiveRates
    .filter((rate) => Math.floor(rate * negatives + 1e-9) < 1)
    .sort((a, b) => b - a);
  const lowest = rates.at(-1);
  if (lowest === undefined) return [];
  return [{ key: 'advice.negatives', values: { rates, negatives, needed: Math.ceil(1 / lowest - 1e-9) } }];
}

/** Each arm is compared with the first over pairs of runs; see compareArms. */
function seedAdvice({ seeds, arms }: Plan): Advice[] {
  if (arms.length < 2) return [];
  if (seeds.length === 1) return [{ key: 'advice.oneSeed', values: {} }];
  const isCompared = new Set(arms.map((arm) => arm.variantOf ?? arm.name)).size > 1;
  return seeds.length >= fewestPairs || !isCompared
    ? []
    : [{ key: 'advice.fewSeeds', values: { seeds: seeds.length, pairs: seeds.length, needed: fewestPairs } }];
}

const rateKnob = 'training.learningRate';
/** Rates that differ by less than this factor are near each other. */
const nearFactor = 2;

/**
 * What tuning says about the plan: arms whose own best learning rate is not near the one that all arms would share, and
 * arms whose best value lies at the edge of the grid.
 */
export function adviceAfterTuning(plan: Plan, outcomes: readonly TuningOutcome[]): Advice[] {
  return grouped(
    outcomes.flatMap(({ origin, trials, chosen }): Advice[] => {
      const rates = trials.map(({ arm }) => arm.settings?.[rateKnob]).filter((rate) => typeof rate === 'number');
      const own = chosen?.settings?.[rateKnob];
      if (typeof own !== 'number' || new Set(rates).size < 2) return [];
      const shared = plan.training.learningRate;
      const isApart = Math.max(own / shared, shared / own) > nearFactor;
      const isEdge = own === Math.max(...rates) || own === Math.min(...rates);
      return [
        ...(isApart ? [{ key: 'advice.rateApart' as const, values: { arm: origin, own, shared } }] : []),
        ...(isEdge ? [{ key: 'advice.rateEdge' as const, values: { arm: origin, own } }] : []),
      ];
    }),
  );
}

/** Joins the same advice for several arms into one that names them all. */
function grouped(all: readonly Advice[]): Advice[] {
  const groups = new Map<string, { readonly advice: Advice; readonly arms: Set<string> }>();
  for (const advice of all) {
    const { arm, ...numbers } = advice.values;
    const id = JSON.stringify([advice.key, numbers]);
    const group = groups.get(id) ?? { advice, arms: new Set() };
    if (typeof arm === 'string') group.arms.add(arm);
    groups.set(id, group);
  }
  return [...groups.values()].map(({ advice, arms }) =>
    arms.size === 0 ? advice : { ...advice, values: { ...advice.values, arm: [...arms] } },
  );
}
