import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { triedValues } from '../../src-shared/triedValues.ts';
import type { RunWarning } from '../../src-shared/runWarning.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import { savedHead, savedParameters } from '../model/weights/parentWeights.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { isBetterEpoch } from './betterEpoch.ts';
import {
  latestCheckpoint,
  readCheckpoint,
  writeCheckpoint,
  type Checkpoint,
  type TrainingPosition,
} from './checkpoint.ts';
import { createRunMachine, type RunMachineOptions } from './createRunMachine.ts';
import { refuseDivergence } from './divergedError.ts';
import type { LabelledImages } from './inferenceBatches.ts';
import { epochMeasurement, prefixed } from './measureEpoch.ts';
import { appendPoints } from './pointLog.ts';
import type { PointStream } from './pointStream.ts';
import { headShapes } from './programs.ts';
import { batchesOfEpoch } from './sampler.ts';
import { learningRateAt } from './schedule.ts';
import { stepInputs } from './stepInputs.ts';

export interface TrainRunOptions extends RunMachineOptions {
  readonly planHash: string;
  readonly packed: PackedImages;
  readonly train: LabelledImages;
  readonly val: LabelledImages;
  /** People who are held out for val, with a label for each person; empty where nobody is. */
  readonly valPeople: LabelledImages;
  readonly runFolder: string;
  readonly resume: boolean;
  /** The checkpoint of another run whose state this one goes on from; null: it starts with its initial state. */
  readonly goesOnFrom: string | null;
  /** Whether the optimiser began in another run. */
  readonly optimizerGoesOn: boolean;
  /** Whether only a checkpoint can say where the run is: what it started from is gone. */
  readonly mustResume: boolean;
  /** The epoch after which the run is saved and waits; null: train to the end. */
  readonly untilEpoch: number | null;
  readonly points: PointStream;
  readonly shouldStop: () => boolean;
  readonly shouldStopAfterEpoch: () => boolean;
  readonly onEpoch: (epoch: EpochSummary) => void;
  readonly onProgress: (progress: {
    readonly epoch: number; // from 1
    readonly done: number; // steps of the epoch
    readonly total: number;
    readonly imagesPerSecond: number;
  }) => void;
  readonly onSnapshot: (folder: string) => void;
  readonly onNotice: (message: string) => void;
  readonly onWarning: (warning: RunWarning) => void;
}

export interface EpochSummary {
  readonly epoch: number; // from 1
  readonly step: number;
  readonly points: Readonly<Record<string, number>>;
}

export interface TrainedRun {
  readonly machine: Machine;
  readonly position: TrainingPosition;
  /** 'stopped': saved on request; 'paused': saved to wait after `untilEpoch`. */
  readonly ended: 'whole' | 'stopped' | 'paused';
}

/** Steps with the whole margin whose mean loss becomes the reference for divergence. */
const referenceSteps = 10;

const freshPosition: TrainingPosition = {
  epoch: 0,
  batch: 0,
  step: 0,
  sums: {},
  bestEpoch: 0,
  bestAccuracy: -1,
  bestLoss: null,
  referenceLoss: null,
  seconds: 0,
  images: 0,
  warnings: [],
  points: 0,
};

/**
 * Trains one arm with one seed, from the start or from its last checkpoint. At the end the machine holds the weights of
 * the best epoch. Throws 'diverged', and 'wrong-input' where the images fill no batch or the checkpoint is of another
 * plan.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const { plan, arm, seed, train } = options;
  const { batchSize, epochs, learningRate, schedule, marginWarmupEpochs } = plan.training;
  const stepsPerEpoch = batchesOfEpoch(plan.training, train.labels, { seed, epoch: 0 }).length;
  // A checkpoint gives the class centres: with very many people, drawing them takes most of a start.
  const checkpoint = options.resume ? resumable(options) : null;
  const machine = createRunMachine(checkpoint ? { ...options, head: headOf(checkpoint, options) } : options);
  const inputsOf = stepInputs({ ...options, stepsPerEpoch });
  const measureEpoch = epochMeasurement(options);
  const rateAt = (step: number) => learningRateAt(schedule, learningRate, { step, stepsPerEpoch, epochs });
  // An extended run draws behind its parent. Adam's corrections go on only with its moments.
  const epochsBefore = plan.extends?.epochs ?? 0;
  const stepsBefore = options.optimizerGoesOn ? epochsBefore * stepsPerEpoch : 0;
  const referenceStep = Math.ceil(marginWarmupEpochs * stepsPerEpoch) + referenceSteps;

  let position = freshPosition;
  const record = (points: Readonly<Record<string, number>>, epoch: number) => {
    const added = options.points.add(points, { step: position.step, epoch });
    position = { ...position, points: position.points === null ? null : position.points + added };
  };
  const save = (name: 'best' | 'last') => saveCheckpoint(options, name, { machine, position });

  // Go on from the last checkpoint, if there is one.
  if (!checkpoint && options.mustResume) throw startGone(options);
  if (!checkpoint && options.goesOnFrom !== null) machine.writeState(readCheckpoint(options.goesOnFrom).state);
  if (checkpoint) {
    machine.writeState(checkpoint.state);
    position = checkpoint.position;
    announceResume(options, checkpoint);
    // The process died between writing the best checkpoint and the last.
    if (basename(checkpoint.folder) !== 'last') save('last');
  }

  const end = Math.min(epochs, options.untilEpoch ?? epochs);
  while (position.epoch < end) {
    const epoch = position.epoch + 1; // as people count, from 1
    if (isOverdue(position, plan.training.earlyStopEpochs)) {
      options.onNotice(
        `Stopped early after epoch ${position.epoch}: val has not improved since epoch ${position.bestEpoch}.`,
      );
      break;
    }

    // One pass over the training images. A resumed epoch goes on at the batch where it was left.
    const drawn = position.epoch + epochsBefore;
    const batches = batchesOfEpoch(plan.training, train.labels, { seed, epoch: drawn });
    for (let batch = position.batch; batch < batches.length; batch++) {
      // Read the pictures, make every random draw, and run one step: forward, backward, optimiser.
      const started = performance.now();
      const rate = rateAt(position.step);
      const inputs = inputsOf(batches[batch]!, {
        epoch: drawn,
        batch,
        step: position.step + stepsBefore,
        learningRate: rate,
      });
      const program = position.epoch < plan.training.freezeBackboneEpochs ? 'trainHead' : 'train';
      const outputs = scalars(machine.step(program, inputs));
      refuseDivergence(outputs, {
        referenceLoss: position.referenceLoss,
        classes: options.classes,
        epoch,
        arm: arm.name,
        seed,
        tried: triedValues(plan, arm),
      });

      // Count the step.
      const seconds = (performance.now() - started) / 1000;
      const step = position.step + 1;
      const sums = plus(position.sums, outputs);
      position = {
        ...position,
        batch: batch + 1,
        step,
        images: position.images + batchSize,
        sums,
        referenceLoss: step === referenceStep ? sums['loss']! / (batch + 1) : position.referenceLoss,
        seconds: position.seconds + seconds,
      };

      // Report it, and stop here if asked to.
      record(prefixed('step', { ...outputs, learningRate: rate, imagesPerSecond: batchSize / seconds }), epoch);
      options.onProgress({
        epoch,
        done: batch + 1,
        total: batches.length,
        imagesPerSecond: position.images / position.seconds,
      });
      await nextTurn(); // lets a stop message in
      if (options.shouldStop()) {
        save('last');
        return { machine, position, ended: 'stopped' };
      }
    }

    // Measure the epoch: val, class centres, health.
    const { val, points, warnings } = await measureEpoch(machine, {
      epoch,
      means: meansOf(position.sums, batches.length),
      learningRate: rateAt(position.step - 1),
      imagesPerSecond: position.images / position.seconds,
    });
    const isBest = isBetterEpoch(val, { score: position.bestAccuracy, loss: position.bestLoss });
    position = {
      ...position,
      epoch,
      batch: 0,
      sums: {},
      ...(isBest ? { bestEpoch: epoch, bestAccuracy: val.score, bestLoss: val.loss } : {}),
    };

    // Report it.
    record(points, epoch);
    options.points.flush();
    position = { ...position, warnings: [...position.warnings, ...warnings] };
    warnings.forEach(options.onWarning);
    options.onEpoch({ epoch, step: position.step, points });

    // Save it, and stop here if asked to.
    if (isBest) save('best');
    save('last');
    await nextTurn();
    if (epoch < epochs && options.shouldStopAfterEpoch()) return { machine, position, ended: 'stopped' };
  }
  if (end < epochs) return { machine, position, ended: 'paused' };

  // Test, query and distractors are judged by the weights that val chose.
  machine.writeState(chosenState(options));
  return { machine, position, ended: 'whole' };
}

/**
 * The weights of the best epoch: from its checkpoint, or from the saved files of a run that was over once, whose
 * checkpoint was removed. Such a run comes here again where the database has lost how it ended.
 */
function chosenState({ runFolder, network, arm, classes }: TrainRunOptions): ReadonlyMap<string, Float32Array> {
  const { checkpoints, weights, head } = runFiles(runFolder);
  const best = join(checkpoints, 'best');
  if (existsSync(best) || !existsSync(weights) || !existsSync(head)) return readCheckpoint(best).state;
  const saved = savedHead(head, headShapes({ network, loss: arm.loss, classes }));
  if (saved === null) return readCheckpoint(best).state; // says that it is not there
  return new Map([...savedParameters(weights, network), ...saved]);
}

/** What a checkpoint holds of the loss's parameters and state. */
function headOf({ state }: Checkpoint, { network, arm, classes }: TrainRunOptions): Map<string, Float32Array> {
  const names = [...headShapes({ network, loss: arm.loss, classes }).keys()];
  return new Map(names.flatMap((name) => (state.has(name) ? [[name, state.get(name)!] as const] : [])));
}

/** The newest checkpoint of the run, or null. Throws 'wrong-input' where it was made by another plan. */
function resumable({ runFolder, planHash, onNotice }: TrainRunOptions): Checkpoint | null {
  const checkpoint = latestCheckpoint(runFolder, onNotice);
  if (checkpoint && checkpoint.planHash !== planHash)
    throw new ArcBenchError(
      'wrong-input',
      `The checkpoint in ${runFolder} was made by another plan: resume with the experiment file of that ` +
        'run, or start a new run.',
    );
  return checkpoint;
}

const startGone = ({ runFolder }: TrainRunOptions) =>
  new ArcBenchError(
    'wrong-input',
    `The run in ${runFolder} has no whole checkpoint, and the run that it started from is gone: delete it.`,
  );

/** Says where the run goes on. Repeats what the workbench may have missed or lost when either process died. */
function announceResume(options: TrainRunOptions, { position, points }: Checkpoint): void {
  options.points.restore(points);
  options.onNotice(
    position.epoch < options.plan.training.epochs
      ? `Resumed at epoch ${position.epoch + 1}, batch ${position.batch + 1}.`
      : 'Resumed at the end of training.',
  );
  position.warnings.forEach(options.onWarning);
  const snapshots = runFiles(options.runFolder).snapshots;
  if (existsSync(snapshots)) options.onSnapshot(snapshots);
}

function saveCheckpoint(
  { runFolder, planHash, points }: TrainRunOptions,
  name: 'best' | 'last',
  { machine, position }: { readonly machine: Machine; readonly position: TrainingPosition },
): void {
  // Points are on disk before the checkpoint that counts them.
  appendPoints(runFolder, points.unkept());
  points.kept();
  writeCheckpoint(runFolder, name, { planHash, position, state: machine.readState(), points: points.unconfirmed() });
}

/** Whether val has not improved for the epochs that early stopping allows; 0 switches it off. */
const isOverdue = ({ epoch, bestEpoch }: TrainingPosition, earlyStopEpochs: number): boolean =>
  earlyStopEpochs > 0 && bestEpoch > 0 && epoch - bestEpoch >= earlyStopEpochs;

/** The only number of each output. */
const scalars = (outputs: Readonly<Record<string, Float32Array>>): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, [value]]) => [name, value ?? Number.NaN]));

/** Sums of outputs by name, with those of one more step. */
const plus = (
  sums: Readonly<Record<string, number>>,
  outputs: Readonly<Record<string, number>>,
): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, (sums[name] ?? 0) + value]));

const meansOf = (sums: Readonly<Record<string, number>>, steps: number): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
