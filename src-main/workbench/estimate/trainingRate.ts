import { median } from 'simple-statistics';
import type { TrainingRate } from '../../../src-shared/startEstimate.ts';
import { backboneNames, type BackboneName } from '../../../src-shared/modelSchema.ts';
import { drawnClasses, experimentSchema, type Plan } from '../../../src-shared/experiment.ts';
import { buildNetwork } from '../../model/buildNetwork.ts';
import { networkWork } from '../../model/networkWork.ts';
import type { MachineSpeed } from './machineSpeed.ts';

type Networked = Pick<Plan, 'model' | 'prepare' | 'training'>;
/** A run that trained, with the plan of its arm. */
export interface RatedRun {
  readonly plan: Networked;
  readonly imagesPerSecond: number;
}

// Costs in floating-point operations of a matrix product: of a multiply-add, forward and back (Winograd's convolutions
// save most of its six operations); of the passes over one value; and of a step, without its pictures. Their shares are
// fitted to compiled steps of five backbones at 32 to 112 pixels on two busy cores, their sum to three backbones on two
// idle cores. No estimate is off by more than a factor of 2, and no ratio of two estimates by more than 3.
const ofMultiplyAdd = 1.5;
const ofValue = 550;
const ofStep = 1.8e9;

/** What one picture costs in training, in floating-point operations of a matrix product. */
export function trainingWork({ model, prepare, training }: Networked, classes: number): number {
  const { multiplyAdds, values } = networkWork(buildNetwork(model, prepare.inputSize));
  const head = (drawnClasses(training, classes) ?? classes) * model.embeddingSize;
  return ofMultiplyAdd * (multiplyAdds + head) + ofValue * values + ofStep / training.batchSize;
}

/** Runs of one network whose rates count, the newest. */
export const mostRuns = 10;
/** What runs must have in common so that the rate of one tells that of another. */
export const ratedAs = ({ model, prepare }: Networked): string => `${model.backbone} ${prepare.inputSize}`;

/**
 * How fast a plan trains. It is the rate of the newest runs of its network at its input size; else an estimate from the
 * runs of the network most like it; else one from the machine's speed; null where nothing is known.
 */
export function trainingRate(
  plan: Networked,
  classes: number,
  { runs, machine }: { readonly runs: readonly RatedRun[]; readonly machine: MachineSpeed | null },
): TrainingRate | null {
  const rateOf = (rated: readonly RatedRun[]) =>
    median(rated.slice(0, mostRuns).map(({ imagesPerSecond }) => imagesPerSecond));
  const own = runs.filter((run) => ratedAs(run.plan) === ratedAs(plan));
  if (own.length > 0)
    return { imagesPerSecond: rateOf(own), from: { kind: 'runs', runs: Math.min(own.length, mostRuns) } };
  const work = trainingWork(plan, classes);
  const unlike = (run: RatedRun) => Math.abs(Math.log(trainingWork(run.plan, classes) / work));
  const [nearest] = [...new Map(runs.map((run) => [ratedAs(run.plan), run])).values()].sort(
    (a, b) => unlike(a) - unlike(b),
  );
  if (nearest) {
    const like = runs.filter((run) => ratedAs(run.plan) === ratedAs(nearest.plan));
    return {
      imagesPerSecond: (rateOf(like) * trainingWork(nearest.plan, classes)) / work,
      from: {
        kind: 'otherRuns',
        runs: Math.min(like.length, mostRuns),
        backbone: nearest.plan.model.backbone,
        inputSize: nearest.plan.prepare.inputSize,
      },
    };
  }
  return machine === null || machine.gigaflops === 0
    ? null
    : {
        imagesPerSecond: (machine.gigaflops * 1e9) / work,
        from: { kind: 'machine', gigaflops: machine.gigaflops, device: machine.device },
      };
}

/** The input size of the rates that `arcbench doctor` prints. */
export const estimatedSize = 112;

/** How fast every backbone would train on a machine of this speed, with 500 people and all else standard. */
export function estimatedRates(
  machine: MachineSpeed,
): { readonly backbone: BackboneName; readonly inputSize: number; readonly imagesPerSecond: number }[] {
  const standard = experimentSchema.parse({ prepare: { inputSize: estimatedSize } });
  return backboneNames.flatMap((backbone) => {
    const rate = trainingRate({ ...standard, model: { ...standard.model, backbone } }, 500, { runs: [], machine });
    return rate ? [{ backbone, inputSize: estimatedSize, imagesPerSecond: rate.imagesPerSecond }] : [];
  });
}
