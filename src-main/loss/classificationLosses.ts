import type {
  ClassificationLossName,
  ClassificationLossPlan,
  LossPlan,
  MetricLossName,
  MetricLossPlan,
} from '../../src-shared/losses.ts';
import { isClassificationLoss } from '../../src-shared/losses.ts';
import { adaCos } from './adaCos.ts';
import { adaFace } from './adaFace.ts';
import { arcFace } from './arcFace.ts';
import { byClassCenter } from './byClassCenter.ts';
import { center } from './center.ts';
import { circle } from './circle.ts';
import type { ClassificationLoss, MetricLoss } from './classificationLoss.ts';
import { combinedMargin } from './combinedMargin.ts';
import { contrastive } from './contrastive.ts';
import { classWeightName } from './cosine.ts';
import { cosFace } from './cosFace.ts';
import { crossEntropy } from './crossEntropy.ts';
import { curricularFace } from './curricularFace.ts';
import { elasticFace } from './elasticFace.ts';
import { magFace } from './magFace.ts';
import { multiSimilarity } from './multiSimilarity.ts';
import { normFace } from './normFace.ts';
import { proxyAnchor } from './proxyAnchor.ts';
import { sphereFace } from './sphereFace.ts';
import { subCenterArcFace } from './subCenterArcFace.ts';
import { supCon } from './supCon.ts';
import { triplet } from './triplet.ts';
import { weightedSum } from './weightedSum.ts';

const classification: {
  readonly [N in ClassificationLossName]: ClassificationLoss<Extract<ClassificationLossPlan, { name: N }>>;
} = {
  crossEntropy,
  normFace,
  sphereFace,
  cosFace,
  arcFace,
  combinedMargin,
  subCenterArcFace,
  adaCos,
  curricularFace,
  magFace,
  adaFace,
  elasticFace,
  proxyAnchor,
};
const metric: { readonly [N in MetricLossName]: MetricLoss<Extract<MetricLossPlan, { name: N }>> } = {
  circle,
  triplet,
  contrastive,
  multiSimilarity,
  center,
  supCon,
};

const classificationOf = (plan: ClassificationLossPlan): ClassificationLoss => classification[plan.name];
/** The implementation of a metric loss, without class scores. */
export const metricLoss = (plan: MetricLossPlan): MetricLoss => metric[plan.name];

const sum = weightedSum({ classification: classificationOf, metric: metricLoss });

/** The implementation of any planned loss. A metric loss gets the class scores of the nearest class mean. */
export function classificationLoss(plan: LossPlan): ClassificationLoss {
  if (plan.name === 'sum') return sum;
  return isClassificationLoss(plan) ? classificationOf(plan) : byClassCenter(metricLoss(plan));
}

/**
 * Whether a loss trains class weights (classWeightName), one or more rows for each class. A metric loss alone has none.
 */
export const trainsClassWeights = (plan: LossPlan): boolean =>
  classificationLoss(plan)
    .head({ plan, classes: 2, embeddingSize: 2 })
    .some(({ name }) => name === classWeightName);
