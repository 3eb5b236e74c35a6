import { z } from 'zod';
import { nearestName } from './nearestName.ts';

const scale = z
  .number()
  .positive()
  .max(1024)
  .default(64)
  .describe('s, the scale of the logits: the radius of the hypersphere');
const marginRadians = z
  .number()
  .min(0)
  .max(Math.PI / 2)
  .default(0.5)
  .describe('m, the angle in radians that is added to the target angle');
const labelSmoothing = z
  .number()
  .min(0)
  .max(0.9)
  .default(0)
  .describe('share of the target that is spread evenly over all classes; about 0.1 suits few pictures a person');
const norm = (value: number, text: string) => z.number().positive().max(1e6).default(value).describe(text);

/**
 * Single losses. A loss of role 'classification' computes class scores. A loss of role 'metric' compares embeddings and
 * can be added to a classification loss.
 */
const singleLosses = {
  crossEntropy: {
    title: 'Cross-entropy',
    formula: 'W_y·x + b, softmax cross-entropy',
    paper: '-',
    role: 'classification',
    group: 'Softmax',
    schema: z.strictObject({
      name: z.literal('crossEntropy'),
      labelSmoothing,
    }),
  },
  normFace: {
    title: 'NormFace',
    formula: 's cos θ_y',
    paper: 'arXiv 1704.06369',
    role: 'classification',
    group: 'Softmax',
    schema: z.strictObject({ name: z.literal('normFace'), scale, labelSmoothing }),
  },
  sphereFace: {
    title: 'SphereFace',
    formula: 's ψ(θ_y), ψ = (−1)^k cos(m θ) − 2k for θ in [kπ/m, (k+1)π/m]',
    paper: 'arXiv 1704.08063, equation 7',
    role: 'classification',
    group: 'Fixed margin',
    schema: z.strictObject({
      name: z.literal('sphereFace'),
      margin: z.int().min(1).max(8).default(4).describe('m, the whole number that multiplies the target angle'),
      scale,
      keepNorm: z
        .boolean()
        .default(false)
        .describe("true: the logits keep the embedding's norm, as in the paper; scale is then usually 1"),
    }),
  },
  cosFace: {
    title: 'CosFace',
    formula: 's (cos θ_y − m)',
    paper: 'arXiv 1801.09414, equation 4',
    role: 'classification',
    group: 'Fixed margin',
    schema: z.strictObject({
      name: z.literal('cosFace'),
      margin: z
        .number()
        .min(0)
        .max(1)
        .default(0.35)
        .describe('m, the margin that is subtracted from the target cosine'),
      scale,
      labelSmoothing,
    }),
  },
  arcFace: {
    title: 'ArcFace',
    formula: 's cos(θ_y + m); beyond π − m: s (cos θ_y − m sin m)',
    paper: 'arXiv 1801.07698, equation 3',
    role: 'classification',
    group: 'Fixed margin',
    schema: z.strictObject({ name: z.literal('arcFace'), marginRadians, scale, labelSmoothing }),
  },
  combinedMargin: {
    title: 'Combined margin',
    formula: 's (cos(m1 θ_y + m2) − m3)',
    paper: 'arXiv 1801.07698, equation 4',
    role: 'classification',
    group: 'Fixed margin',
    schema: z.strictObject({
      name: z.literal('combinedMargin'),
      multiplier: z.number().min(1).max(4).default(1).describe('m1, the factor of the target angle'),
      marginRadians: z
        .number()
        .min(0)
        .max(Math.PI / 2)
        .default(0.3)
        .describe('m2, the angle in radians that is added to the target angle'),
      margin: z
        .number()
        .min(0)
        .max(1)
        .default(0.2)
        .describe('m3, the margin that is subtracted from the target cosine'),
      scale,
      labelSmoothing,
    }),
  },
  subCenterArcFace: {
    title: 'Sub-center ArcFace',
    formula: 'ArcFace on cos θ_j = the largest of K centres',
    paper: 'ECCV 2020, Deng et al., equation 3',
    role: 'classification',
    group: 'Fixed margin',
    schema: z.strictObject({
      name: z.literal('subCenterArcFace'),
      marginRadians,
      scale,
      labelSmoothing,
      subCenters: z.int().min(1).max(20).default(3).describe('K, the number of centres of each class'),
    }),
  },
  adaCos: {
    title: 'AdaCos',
    formula: 's cos θ_y, s = ln(B) / cos(min(π/4, median θ_y)), s_0 = √2 ln(n − 1)',
    paper: 'arXiv 1905.00292, equations 12 to 15',
    role: 'classification',
    group: 'Adaptive margin or scale',
    schema: z.strictObject({ name: z.literal('adaCos') }),
  },
  curricularFace: {
    title: 'CurricularFace',
    formula: 's cos(θ_y + m); hard negatives: s cos θ_j (t + cos θ_j)',
    paper: 'arXiv 2004.00288, equations 5 to 7',
    role: 'classification',
    group: 'Adaptive margin or scale',
    schema: z.strictObject({
      name: z.literal('curricularFace'),
      marginRadians,
      scale,
      momentum: z.number().min(0).max(0.99999).default(0.99).describe('how much of the previous t each step keeps'),
    }),
  },
  magFace: {
    title: 'MagFace',
    formula: 's cos(θ_y + m(a)) + λ (1/a + a/u_a²), a = |x|, m(a) linear',
    paper: 'arXiv 2103.06627, equation 3',
    role: 'classification',
    group: 'Adaptive margin or scale',
    schema: z
      .strictObject({
        name: z.literal('magFace'),
        lowerNorm: norm(10, 'l_a, the norm at which the margin is smallest'),
        upperNorm: norm(110, 'u_a, the norm at which the margin is largest'),
        lowerMargin: z
          .number()
          .min(0)
          .max(Math.PI / 2)
          .default(0.45)
          .describe('l_m, the smallest margin in radians'),
        upperMargin: z
          .number()
          .min(0)
          .max(Math.PI / 2)
          .default(0.8)
          .describe('u_m, the largest margin in radians'),
        lambdaG: z
          .number()
          .min(0)
          .max(1000)
          .default(35)
          .describe('λ_g, the weight of the term that rewards large norms'),
        scale,
      })
      .refine((plan) => plan.lowerNorm < plan.upperNorm, {
        error: 'lowerNorm must stay below upperNorm',
        path: ['lowerNorm'],
      }),
  },
  adaFace: {
    title: 'AdaFace',
    formula: 's (cos(θ_y − m z) − m z − m), z = the standardised norm, h (|x| − μ)/σ within ±1',
    paper: 'arXiv 2204.00964, equations 11 to 14',
    role: 'classification',
    group: 'Adaptive margin or scale',
    schema: z.strictObject({
      name: z.literal('adaFace'),
      margin: z
        .number()
        .min(0)
        .max(1)
        .default(0.4)
        .describe('m, the size of the angular margin (radians) and of the additive margin'),
      h: z
        .number()
        .positive()
        .max(10)
        .default(0.333)
        .describe('h, scales the standardised norm so that most values lie within ±1'),
      tAlpha: z
        .number()
        .gt(0)
        .max(1)
        .default(0.01)
        .describe('weight of the batch in the running statistics of the norm; 1: only the batch counts'),
      scale,
    }),
  },
  elasticFace: {
    title: 'ElasticFace',
    formula: 's cos(θ_y + m_i) or s (cos θ_y − m_i), m_i drawn from N(m, σ)',
    paper: 'arXiv 2109.09416, equations 4 to 6',
    role: 'classification',
    group: 'Adaptive margin or scale',
    schema: z.strictObject({
      name: z.literal('elasticFace'),
      form: z
        .enum(['arc', 'cos'])
        .default('arc')
        .describe('arc: the margin is an angle in radians; cos: it is subtracted from the cosine'),
      margin: z
        .number()
        .min(0)
        .max(Math.PI / 2)
        .default(0.5)
        .describe('m, the mean of the drawn margins; 0.35 is usual for cos'),
      sigma: z.number().min(0).max(0.5).default(0.0125).describe('σ, the standard deviation of the drawn margins'),
      scale,
    }),
  },
  proxyAnchor: {
    title: 'Proxy-Anchor',
    formula: 'mean_j ln(1 + Σ_{y=j} e^{−α (cos θ_j − δ)}) + mean_j ln(1 + Σ_{y≠j} e^{α (cos θ_j + δ)})',
    paper: 'arXiv 2003.13911, equation 4',
    role: 'classification',
    group: 'Proxies and centres',
    schema: z.strictObject({
      name: z.literal('proxyAnchor'),
      margin: z.number().min(0).max(1).default(0.1).describe('δ, the margin on the cosine'),
      alpha: z.number().positive().max(1024).default(32).describe('α, the scale of the cosines'),
    }),
  },
  circle: {
    title: 'Circle loss',
    formula: 'ln(1 + Σ_n e^{γ α_n (s_n − m)} Σ_p e^{−γ α_p (s_p − 1 + m)})',
    paper: 'arXiv 2002.10857, equation 6',
    role: 'metric',
    group: 'Pairs of pictures',
    schema: z.strictObject({
      name: z.literal('circle'),
      margin: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.25)
        .describe('m, the margin of the decision boundary: smaller is stricter'),
      gamma: z.number().positive().max(1024).default(80).describe('γ, the scale of the similarities'),
    }),
  },
  triplet: {
    title: 'Triplet loss',
    formula: 'max(0, d(a, p) − d(a, n) + m)',
    paper: 'arXiv 1503.03832, equation 2; batch-hard: arXiv 1703.07737, equation 5',
    role: 'metric',
    group: 'Pairs of pictures',
    schema: z.strictObject({
      name: z.literal('triplet'),
      mining: z
        .enum(['batchHard', 'semiHard', 'all'])
        .default('batchHard')
        .describe('which triplets of the batch are used'),
      margin: z.number().min(0).max(4).default(0.3).describe('m, how much further a negative must be than a positive'),
      distance: z
        .enum(['euclidean', 'squared'])
        .default('euclidean')
        .describe('distance between unit embeddings, plain or squared'),
      average: z
        .enum(['all', 'active'])
        .default('all')
        .describe('all: mean over all mined triplets; active: over those whose loss is not zero'),
    }),
  },
  contrastive: {
    title: 'Contrastive loss',
    formula: 'max(0, d_p − m_p) + max(0, m_n − d_n)',
    paper: 'CVPR 2006, Hadsell et al., equation 4, distances not squared',
    role: 'metric',
    group: 'Pairs of pictures',
    schema: z.strictObject({
      name: z.literal('contrastive'),
      positiveMargin: z
        .number()
        .min(0)
        .max(2)
        .default(0)
        .describe('m_p, the distance below which a positive pair costs nothing'),
      negativeMargin: z
        .number()
        .positive()
        .max(2)
        .default(1)
        .describe('m_n, the distance beyond which a negative pair costs nothing'),
    }),
  },
  multiSimilarity: {
    title: 'Multi-similarity loss',
    formula: 'ln(1 + Σ_p e^{−α (s_p − λ)}) / α + ln(1 + Σ_n e^{β (s_n − λ)}) / β',
    paper: 'arXiv 1904.06627, equation 15, without pair mining',
    role: 'metric',
    group: 'Pairs of pictures',
    schema: z.strictObject({
      name: z.literal('multiSimilarity'),
      alpha: z.number().positive().max(1024).default(2).describe('α, the scale of positive pairs'),
      beta: z.number().positive().max(1024).default(50).describe('β, the scale of negative pairs'),
      base: z.number().min(-1).max(1).default(0.5).describe('λ, the cosine that pairs are compared with'),
    }),
  },
  center: {
    title: 'Center loss',
    formula: '½ |x − c_y|²',
    paper: 'ECCV 2016, Wen et al., equations 2 to 5',
    role: 'metric',
    group: 'Proxies and centres',
    schema: z.strictObject({
      name: z.literal('center'),
      alpha: z.number().gt(0).max(1).default(0.5).describe('α, how fast the centres follow the embeddings'),
    }),
  },
  supCon: {
    title: 'Supervised contrastive',
    formula: '−mean_p ln(e^{s_p/T} / Σ_{a≠i} e^{s_a/T})',
    paper: 'arXiv 2004.11362, equation 2',
    role: 'metric',
    group: 'Pairs of pictures',
    schema: z.strictObject({
      name: z.literal('supCon'),
      temperature: z
        .number()
        .min(0.01)
        .max(10)
        .default(0.1)
        .describe('T, the temperature: smaller weighs hard pairs more'),
    }),
  },
} as const satisfies Record<string, LossEntry>;

/** The headings of losses in the form, in its order. */
const lossGroups = [
  'Softmax',
  'Fixed margin',
  'Adaptive margin or scale',
  'Proxies and centres',
  'Pairs of pictures',
  'Several losses',
] as const;
type LossGroup = (typeof lossGroups)[number];

/** What the catalogue says about a loss. */
export interface LossEntry {
  readonly title: string;
  readonly formula: string;
  readonly paper: string;
  readonly role: 'classification' | 'metric' | 'sum';
  /** Under which heading the form lists it. */
  readonly group: LossGroup;
  readonly schema: z.ZodType;
}

export type SingleLossName = keyof typeof singleLosses;
const singleNames = Object.keys(singleLosses) as SingleLossName[];
type SingleLossSchema = (typeof singleLosses)[SingleLossName]['schema'];
const singleUnion = z.discriminatedUnion(
  'name',
  singleNames.map((name) => singleLosses[name].schema) as [SingleLossSchema, ...SingleLossSchema[]],
);
/** A single loss with its hyperparameters filled in. */
export type SingleLossPlan = z.infer<typeof singleUnion>;
export type ClassificationLossName = {
  [N in SingleLossName]: (typeof singleLosses)[N]['role'] extends 'classification' ? N : never;
}[SingleLossName];
export type MetricLossName = Exclude<SingleLossName, ClassificationLossName>;
export type ClassificationLossPlan = Extract<SingleLossPlan, { name: ClassificationLossName }>;
export type MetricLossPlan = Extract<SingleLossPlan, { name: MetricLossName }>;

/** Whether a loss computes class scores. */
export const isClassificationLoss = (plan: SingleLossPlan): plan is ClassificationLossPlan =>
  singleLosses[plan.name].role === 'classification';

const largestWeight = 1000;

const sumSchema = z
  .strictObject({
    name: z.literal('sum'),
    terms: z
      .array(
        z.strictObject({
          weight: z.number().positive().max(largestWeight).default(1).describe('weight of this loss in the sum'),
          loss: z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), singleUnion),
        }),
      )
      .min(1)
      .max(8)
      .prefault([{ loss: 'arcFace' }, { weight: 0.1, loss: 'triplet' }]),
  })
  .refine((sum) => sum.terms.filter((term) => isClassificationLoss(term.loss)).length <= 1, {
    error: 'a sum has at most one loss with class scores; the others must be metric losses',
    path: ['terms'],
  })
  // Alone, the center loss is lowest when all embeddings are one point.
  .refine((sum) => sum.terms.some((term) => term.loss.name !== 'center'), {
    error: 'the center loss needs another loss beside it that keeps the classes apart',
    path: ['terms'],
  });

/** Catalogue of losses with formula, paper and hyperparameters. Form, schema and engine are built from it. */
export const lossCatalogue = {
  ...singleLosses,
  sum: {
    title: 'Weighted sum',
    formula: 'Σ_i w_i L_i',
    paper: '-',
    role: 'sum',
    group: 'Several losses',
    schema: sumSchema,
  },
} as const satisfies Record<string, LossEntry>;

export type LossName = keyof typeof lossCatalogue;
export const lossNames = Object.keys(lossCatalogue) as LossName[];
/** The losses under each heading of the form. */
export const groupedLosses = lossGroups.map((group) => ({
  group,
  names: lossNames.filter((name) => lossCatalogue[name].group === group),
}));

/** λ in the paper of the center loss, which adds it to cross-entropy (equation 5). */
const centerWeight = 0.003;

/** A loss with its hyperparameters filled in. A name alone takes the defaults; `arcFace + 0.1 triplet` is a sum. */
export const lossSchema = z.preprocess(
  (value, context) => {
    const named = typeof value === 'string' ? { name: value } : value;
    const given =
      typeof value === 'string' && /[+*·\s]/.test(value.trim())
        ? readSum(value, (message) => context.addIssue({ code: 'custom', message, input: value }))
        : named;
    return isCenter(given)
      ? { name: 'sum', terms: [{ loss: 'crossEntropy' }, { weight: centerWeight, loss: given }] }
      : given;
  },
  z.discriminatedUnion('name', [...singleUnion.options, sumSchema]),
);
export type LossPlan = z.infer<typeof lossSchema>;
export type SumPlan = Extract<LossPlan, { name: 'sum' }>;

const isCenter = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && value.name === 'center';

const longestSum = 1000; // characters

/** Reads `arcFace + 0.1 triplet` as a sum. A part that is no loss is reported in one sentence. */
function readSum(text: string, report: (message: string) => void): unknown {
  if (text.length > longestSum) {
    report(`a sum of losses has at most ${longestSum} characters, not ${text.length}`);
    return z.NEVER;
  }
  const terms = text.split('+').map((part) => {
    const { weight, name } = readTerm(part.trim());
    if (!(singleNames as string[]).includes(name)) {
      const nearest = nearestName(name || part.trim(), singleNames);
      const what =
        name === '' ? `'${part.trim()}' is no weighted loss such as '0.1 triplet'` : `there is no loss '${name}'`;
      const advice =
        nearest === null ? `known losses are ${singleNames.join(', ')}` : `the nearest known name is '${nearest}'`;
      report(`${what} (in '${text.trim()}'); ${advice}`);
    } else if (!(weight > 0 && weight <= largestWeight))
      report(
        `the weight ${weight} in '${text.trim()}' is out of range; expected a number above 0 and at most ` +
          `${largestWeight}`,
      );
    return { weight, loss: name };
  });
  return { name: 'sum', terms };
}

/** Reads `0.1 triplet`; the name is empty where the text is no weighted loss. */
function readTerm(text: string): { readonly weight: number; readonly name: string } {
  const weight = /^(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?/.exec(text)?.[0] ?? '';
  const rest = text.slice(weight.length).trim();
  const name = weight !== '' && /^[*·]/.test(rest) ? rest.slice(1).trim() : rest;
  return { weight: weight === '' ? 1 : Number(weight), name: /^[A-Za-z]\w*$/.test(name) ? name : '' };
}

/** The single losses of a plan with their weights. */
export const lossTerms = (plan: LossPlan): readonly { readonly weight: number; readonly loss: SingleLossPlan }[] =>
  plan.name === 'sum' ? plan.terms : [{ weight: 1, loss: plan }];

/**
 * The largest angle in radians that a loss adds to the target angle; null for a loss without an angular margin. Beyond
 * π − m the gradient no longer turns a sample towards its centre.
 */
export function angularMargin(plan: LossPlan): number | null {
  for (const { loss } of lossTerms(plan)) {
    switch (loss.name) {
      case 'combinedMargin':
        return Math.PI - (Math.PI - loss.marginRadians) / loss.multiplier;
      case 'magFace':
        return loss.upperMargin;
      case 'adaFace':
        return loss.margin;
      case 'elasticFace':
        if (loss.form === 'arc') return loss.margin;
        break;
      default:
        if ('marginRadians' in loss) return loss.marginRadians;
    }
  }
  return null;
}

/** s of a loss whose logits are s cos θ; null for other losses. */
export function fixedScale(plan: LossPlan): number | null {
  for (const { loss } of lossTerms(plan))
    if ('scale' in loss && !(loss.name === 'sphereFace' && loss.keepNorm)) return loss.scale;
  return null;
}

/** Title, formula and papers of a loss. A sum names its parts, as in 'ArcFace + 0.1 Triplet loss'. */
export function describeLoss(plan: LossPlan): {
  readonly title: string;
  readonly formula: string;
  readonly paper: string;
} {
  const terms = lossTerms(plan).map(({ weight, loss }) => ({
    weight: weight === 1 ? '' : `${weight} `,
    entry: singleLosses[loss.name],
  }));
  const only = terms.length === 1 && terms[0]?.weight === '' ? terms[0].entry : null;
  if (only) return { title: only.title, formula: only.formula, paper: only.paper };
  return {
    title: terms.map(({ weight, entry }) => weight + entry.title).join(' + '),
    formula: terms.map(({ weight, entry }) => `${weight}[${entry.formula}]`).join(' + '),
    paper: [...new Set(terms.map(({ entry }) => entry.paper).filter((paper) => paper !== '-'))].join('; ') || '-',
  };
}
