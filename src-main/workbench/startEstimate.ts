import type { StartEstimate } from '../../src-shared/api.ts';
import { planOfArm, type ArmPlan, type Plan } from '../../src-shared/experiment.ts';
import { drawnClasses } from '../../src-shared/drawnClasses.ts';
import { halvingRounds } from '../../src-shared/halving.ts';
import { buildNetwork } from '../model/buildNetwork.ts';
import { networkShapes, parameterSpecs } from '../model/network.ts';
import type { RunRow, Store } from '../store/store.ts';
import { optimizerSlots } from '../train/optimizerSlots.ts';
import type { TrainedSummary } from '../train/trainerMessages.ts';
import type { CountedFaces } from './countedFaces.ts';
import { planHash } from './planHash.ts';
import { haltOf } from './trainInRounds.ts';

const [mostRuns, lookedThrough] = [10, 500]; // a check is made with every change of the text, in a workspace of thousands of runs too
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const networkOf = ({ model, prepare }: Pick<Plan, 'model' | 'prepare'>) => buildNetwork(model, prepare.inputSize);

/** Trained numbers of a plan's network, its head apart. */
export const trainedParameters = (plan: Pick<Plan, 'model' | 'prepare'>): number => parameterSpecs(networkOf(plan)).filter((spec) => spec.trainable).reduce((sum, spec) => sum + product(spec.shape), 0);

/** Tells what a start would take from the shapes of the network and the rates of earlier runs. */
export function startEstimator(store: Store) {
  const rates = new Map<string, number | null>(); // by run: a run is trained once
  const rateOf = ({ id }: RunRow): number | null => {
    const known = rates.get(id);
    if (known !== undefined) return known;
    const rate = (store.result(id, 'summary') as TrainedSummary | null)?.imagesPerSecond ?? null;
    rates.set(id, rate);
    return rate;
  };
  /** The newest runs of the same backbone and input size, their median rate. */
  const measured = ({ model, prepare }: Plan, done: readonly RunRow[]): StartEstimate['measured'] => {
    const plans = new Map<string, Plan | null>();
    const own: number[] = [];
    for (const run of done) {
      const plan = plans.get(run.planHash) ?? store.plan(run.planHash);
      plans.set(run.planHash, plan);
      const arm = plan?.arms.find((entry) => entry.name === run.arm);
      const rate = plan && arm && plan.prepare.inputSize === prepare.inputSize && planOfArm(plan, arm).model.backbone === model.backbone ? rateOf(run) : null;
      if (rate !== null) own.push(rate);
      if (own.length === mostRuns) break;
    }
    const median = own.toSorted((a, b) => a - b)[Math.floor(own.length / 2)];
    return median === undefined ? null : { imagesPerSecond: median, runs: own.length };
  };
  return (plan: Plan, counted: CountedFaces | null): StartEstimate => {
    const own = store.runs(planHash(plan)).filter((run) => run.status === 'done' || haltOf(store, run.id) !== null);
    const done = store.runPage(lookedThrough).filter((run) => run.status === 'done' || run.status === 'trained').reverse();
    const faces = counted && 'facts' in counted ? { from: counted.from, people: counted.facts.trainImages.length, trainImages: counted.facts.trainImages.reduce((sum, count) => sum + count, 0) } : null;
    const arms = plan.arms.map((arm) => {
      const armPlan = planOfArm(plan, arm);
      const left = plan.seeds.length - own.filter((run) => run.arm === arm.name).length;
      return { measured: measured(armPlan, done), imagesLeft: left * meanEpochs(plan, arm) * (faces?.trainImages ?? 0), bytes: trainingBytes(arm, armPlan, faces?.people ?? 0) };
    });
    const slowest = arms.some((arm) => arm.measured === null) ? null : arms.map((arm) => arm.measured).reduce((a, b) => (a && b && b.imagesPerSecond < a.imagesPerSecond ? b : a), arms[0]?.measured ?? null);
    return {
      runs: plan.arms.length * plan.seeds.length, runsDone: own.length, faces,
      imagesLeft: faces && arms.reduce((sum, arm) => sum + arm.imagesLeft, 0),
      measured: slowest,
      seconds: faces && slowest && arms.reduce((sum, arm) => sum + arm.imagesLeft / (arm.measured?.imagesPerSecond ?? slowest.imagesPerSecond), 0),
      memoryBytes: Math.max(...arms.map((arm) => arm.bytes)),
    };
  };
}
export type StartEstimator = ReturnType<typeof startEstimator>;

/** Epochs that an arm trains, on average over the variants where successive halving stops some. */
function meanEpochs(plan: Plan, arm: ArmPlan): number {
  const { epochs } = planOfArm(plan, arm).training;
  if (!plan.sweep?.halving || arm.variantOf === undefined) return epochs;
  const candidates = plan.arms.filter((other) => other.variantOf === arm.variantOf).length;
  const rounds = halvingRounds(plan.sweep.halving, { candidates, epochs });
  return rounds.reduce((sum, round, place) => sum + round.candidates * (round.epochs - (rounds[place - 1]?.epochs ?? 0)), 0) / candidates;
}

/** Bytes of float32 that training holds: each parameter with its gradient and slots, of class centres that are drawn the drawn ones once more with theirs, and each value of a batch with its gradient. */
function trainingBytes(arm: ArmPlan, plan: Plan, classes: number): number {
  const centres = arm.loss.name === 'subCenterArcFace' ? arm.loss.subCenters : 1;
  const drawn = drawnClasses(plan.training, classes);
  const numbers = (rows: number) => rows * plan.model.embeddingSize * centres;
  const copies = 1 + optimizerSlots(plan.training.optimizer).length;
  const head = drawn === null ? numbers(classes) * (1 + copies) : numbers(classes) * copies + numbers(drawn) * (1 + copies);
  const values = [...networkShapes(networkOf(plan)).values()].reduce((sum, shape) => sum + product(shape), (drawn ?? classes) * centres);
  return 4 * (trainedParameters(plan) * (1 + copies) + head + 2 * plan.training.batchSize * values);
}
