import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import type { StartEstimate, TrainingRate } from '../../../src-shared/startEstimate.ts';
import { isTrained, seedsOfArm, trainedArms, type ArmPlan, type TrainedArm } from '../../../src-shared/arms.ts';
import { drawnClasses, planOfArm, type Plan } from '../../../src-shared/experiment.ts';
import { halvingRounds } from '../../../src-shared/halving.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { networkShapes, parameterSpecs } from '../../model/network.ts';
import type { RunRow, Store } from '../../store/store.ts';
import { tuningSeeds, tuningTrials } from '../../../src-shared/tune.ts';
import { optimizerSlots } from '../../train/optimizerSlots.ts';
import type { CountedFaces } from '../experiment/faceCounter.ts';
import { machineLimits } from './machineLimits.ts';
import type { MachineSpeed } from './machineSpeed.ts';
import { demoBytes, packedBytes, runBytes } from './startDisk.ts';
import { planHash } from '../experiment/planHash.ts';
import { readRunFaces } from '../experiment/runFaces.ts';
import { haltOf } from '../experiment/haltOf.ts';
import { mostRuns, ratedAs, trainingRate, type RatedRun } from './trainingRate.ts';

// runs: a check is made with every change of the text, in a workspace of thousands of runs too
const lookedThrough = 500;
const networkOf = ({ model, prepare }: Pick<Plan, 'model' | 'prepare'>) => buildNetwork(model, prepare.inputSize);

/** How many numbers of a plan's network are trained, without its head. */
export const trainedParameters = (plan: Pick<Plan, 'model' | 'prepare'>): number =>
  parameterSpecs(networkOf(plan))
    .filter((spec) => spec.trainable)
    .reduce((sum, spec) => sum + elementCount(spec.shape), 0);

const sureness = { machine: 0, otherRuns: 1, runs: 2 } as const satisfies Record<TrainingRate['from']['kind'], number>;
const inferenceShare = 0.35;
const hasEnded = ({ status }: RunRow) => status === 'trained' || status === 'failed';
const secondsToBegin = 4; // of a training step's time; of each run, to load the engine and compile its steps

/**
 * Estimates what a start would take, from the shapes of the network and the rates of earlier runs; where there are
 * none, from the machine's speed.
 */
export function startEstimator(
  store: Store,
  speed: () => MachineSpeed | null,
  limits: () => StartEstimate['machine'] = () => machineLimits(store.workspace),
) {
  const rates = new Map<string, number | null>(); // by run that has ended: it is trained once
  const rateOf = ({ id, status }: RunRow): number | null => {
    const known = rates.get(id);
    if (known !== undefined) return known;
    const rate = store.latestPoints(id).find(({ name }) => name === 'imagesPerSecond')?.value ?? null;
    if (status !== 'running') rates.set(id, rate);
    return rate;
  };
  const armPlans = new Map<string, Plan | null>(); // a kept plan never changes
  const planOf = ({ planHash: hash, arm: name }: RunRow): Plan | null => {
    const known = armPlans.get(`${hash} ${name}`);
    if (known !== undefined) return known;
    const plan = store.plan(hash);
    const arm = plan && [...plan.arms, ...tuningTrials(plan)].find((entry) => entry.name === name);
    const found = plan && arm ? planOfArm(plan, arm) : null;
    armPlans.set(`${hash} ${name}`, found);
    return found;
  };
  /** The newest runs whose speed is known, newest first, until there are enough of each network. */
  const ratedRuns = (networks: ReadonlySet<string>): RatedRun[] => {
    const missing = new Map([...networks].map((network) => [network, mostRuns]));
    const rated: RatedRun[] = [];
    for (const run of store.runPage(lookedThrough).reverse()) {
      if (run.status !== 'done' && run.status !== 'trained' && run.status !== 'running') continue;
      const plan = planOf(run);
      const imagesPerSecond = rateOf(run);
      if (!plan || !imagesPerSecond) continue;
      rated.push({ plan, imagesPerSecond });
      const network = ratedAs(plan);
      const left = missing.get(network);
      if (left === undefined) continue;
      if (left > 1) missing.set(network, left - 1);
      else missing.delete(network);
      if (missing.size === 0) break;
    }
    for (const known of [rates, armPlans]) forgetOldest(known);
    return rated;
  };
  /** Whether a run saw these faces, as far as that is known. */
  const sawTheSame = (run: RunRow, counted: CountedFaces | null): boolean =>
    !counted ||
    !('prepared' in counted) ||
    counted.prepared === undefined ||
    readRunFaces(store, run.id)?.prepared === counted.prepared;
  return (plan: Plan, counted: CountedFaces | null): StartEstimate => {
    const trials = tuningTrials(plan);
    const isTrial = ({ arm }: Pick<RunRow, 'arm'>) => trials.some(({ name }) => name === arm);
    const begun = store.runs(planHash(plan)).filter((run) => sawTheSame(run, counted));
    const own = begun.filter(
      (run) => run.status === 'done' || haltOf(store, run.id) !== null || (isTrial(run) && hasEnded(run)),
    );
    const planned = [...trainedArms(plan), ...trials.filter(isTrained)];
    const runs = ratedRuns(new Set(planned.map((arm) => ratedAs(planOfArm(plan, arm)))));
    const machine = runs.length > 0 ? null : speed();
    const faces =
      counted && 'facts' in counted
        ? {
            from: counted.from,
            people: counted.facts.trainImages.length,
            trainImages: counted.facts.trainImages.reduce((sum, count) => sum + count, 0),
          }
        : null;
    const arms = planned.map((arm) => {
      const armPlan = planOfArm(plan, arm);
      const seeds = isTrial({ arm: arm.name }) ? tuningSeeds(plan).length : plan.seeds.length;
      const left = seeds - own.filter((run) => run.arm === arm.name).length;
      return {
        rate: trainingRate(armPlan, faces?.people ?? 0, { runs, machine }),
        left,
        imagesLeft: left * meanEpochs(plan, arm) * (faces?.trainImages ?? 0),
        bytes: trainingBytes(arm, armPlan, faces?.people ?? 0),
        // a run that has begun has written most of its files
        notBegun: Math.max(0, seeds - begun.filter((run) => run.arm === arm.name).length),
        bytesOfRun: bytesOfRun(arm, armPlan, counted && 'facts' in counted ? counted : null),
      };
    });
    const [rate = null] = arms
      .flatMap((arm) => arm.rate ?? [])
      .sort((a, b) => sureness[a.from.kind] - sureness[b.from.kind] || a.imagesPerSecond - b.imagesPerSecond);
    // given parts have no shares
    const withVal = 1 + (plan.split.train === 0 ? 0 : plan.split.val / plan.split.train) * inferenceShare;
    return {
      runs:
        plan.arms.reduce((sum, arm) => sum + seedsOfArm(plan, arm).length, 0) +
        trials.length * tuningSeeds(plan).length,
      runsDone: own.length,
      faces,
      rate,
      unmeasured: runs.length === 0 && machine === null,
      imagesLeft: faces && arms.reduce((sum, arm) => sum + arm.imagesLeft, 0),
      seconds:
        faces &&
        rate &&
        arms.reduce(
          (sum, arm) =>
            sum + secondsToBegin * arm.left + (withVal * arm.imagesLeft) / (arm.rate ?? rate).imagesPerSecond,
          0,
        ),
      memoryBytes: Math.max(0, ...arms.map((arm) => arm.bytes)),
      diskBytes: arms.reduce(
        (sum, arm) => sum + arm.notBegun * arm.bytesOfRun,
        demoBytes(store.workspace, plan.data) + bytesToPrepare(plan, counted),
      ),
      machine: limits(),
    };
  };
}
/** Leaves what is known of as many runs as are looked through twice. */
function forgetOldest(known: Map<string, unknown>): void {
  for (const key of [...known.keys()].slice(0, -2 * lookedThrough)) known.delete(key);
}
export type StartEstimator = ReturnType<typeof startEstimator>;

/** Epochs that an arm trains, on average over the variants where successive halving stops some. */
function meanEpochs(plan: Plan, arm: ArmPlan): number {
  const { epochs } = planOfArm(plan, arm).training;
  if (!plan.sweep?.halving || arm.variantOf === undefined) return epochs;
  const candidates = plan.arms.filter((other) => other.variantOf === arm.variantOf).length;
  const rounds = halvingRounds(plan.sweep.halving, { candidates, epochs });
  return (
    rounds.reduce(
      (sum, round, place) => sum + round.candidates * (round.epochs - (rounds[place - 1]?.epochs ?? 0)),
      0,
    ) / candidates
  );
}

/** Bytes of the prepared faces that are not there yet, as far as their number is known. */
function bytesToPrepare({ data, prepare }: Plan, counted: CountedFaces | null): number {
  if (counted && 'facts' in counted) return counted.from === 'prepared' ? 0 : packedBytes(counted.images, prepare);
  return data.source === 'demo' ? packedBytes(data.demo.people * data.demo.imagesPerPerson, prepare) : 0;
}

/** Bytes that a run leaves on the disk. */
function bytesOfRun(arm: TrainedArm, plan: Plan, faces: Extract<CountedFaces, { facts: unknown }> | null): number {
  const centres = arm.loss.name === 'subCenterArcFace' ? arm.loss.subCenters : 1;
  const head = (faces?.facts.trainImages.length ?? 0) * centres * plan.model.embeddingSize;
  const parameters = trainedParameters(plan) + head;
  return runBytes({
    parameters,
    state: parameters * (1 + optimizerSlots(plan.training.optimizer).length),
    embeddings: (faces?.facts.testImages ?? 0) * plan.model.embeddingSize,
  });
}

/**
 * Bytes of float32 that training holds: each parameter with its gradient and slots, and each value of a batch with its
 * gradient. Where class centres are drawn, the drawn ones count once more with their gradients and slots.
 */
function trainingBytes(arm: TrainedArm, plan: Plan, classes: number): number {
  const centres = arm.loss.name === 'subCenterArcFace' ? arm.loss.subCenters : 1;
  const drawn = drawnClasses(plan.training, classes);
  const numbers = (rows: number) => rows * plan.model.embeddingSize * centres;
  const copies = 1 + optimizerSlots(plan.training.optimizer).length;
  const head =
    drawn === null ? numbers(classes) * (1 + copies) : numbers(classes) * copies + numbers(drawn) * (1 + copies);
  const values = [...networkShapes(networkOf(plan)).values()].reduce(
    (sum, shape) => sum + elementCount(shape),
    (drawn ?? classes) * centres,
  );
  return 4 * (trainedParameters(plan) * (1 + copies) + head + 2 * plan.training.batchSize * values);
}
