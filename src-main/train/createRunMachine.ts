import type { Plan, TrainedArm } from '../../src-shared/experiment.ts';
import { compileMachine, createEagerMachine, type Machine } from '../engine/graph/compileProgram.ts';
import type { Network } from '../model/network.ts';
import { inferenceProgram, initialState, mirroredProgram, trainProgram } from './programs.ts';

/** What defines the computation of one run. */
export interface RunMachineOptions {
  readonly plan: Plan;
  readonly arm: TrainedArm;
  readonly seed: number;
  readonly network: Network;
  /** Initial parameters of the backbone by name. */
  readonly backbone: ReadonlyMap<string, Float32Array>;
  /** Class centres and state of the loss that are not drawn, by name; all are drawn without. */
  readonly head?: ReadonlyMap<string, Float32Array>;
  readonly classes: number;
  /** Compiled to one graph; otherwise op by op, which is the slow reference. */
  readonly compiled: boolean;
}

/** The machine of a run: training, inference and mirrored inference over one state. */
export function createRunMachine(options: RunMachineOptions): Machine {
  const { plan, arm, network, classes, backbone, head, seed, compiled } = options;
  const programOptions = { network, loss: arm.loss, classes, training: plan.training };
  const { batchSize } = plan.training;
  const programs = {
    train: trainProgram(programOptions),
    ...(plan.training.freezeBackboneEpochs > 0
      ? { trainHead: trainProgram(programOptions, { frozenBackbone: true }) }
      : {}),
    infer: inferenceProgram(programOptions, batchSize),
    mirrored: mirroredProgram(programOptions, batchSize),
  };
  const createMachine = compiled ? compileMachine : createEagerMachine;
  return createMachine(programs, initialState({ ...programOptions, backbone, head, seed }));
}
