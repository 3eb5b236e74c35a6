import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { splitSeedOf, type ArmPlan, type Plan } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { drawnClasses } from '../../src-shared/drawnClasses.ts';
import { healthWarnings } from '../../src-shared/health.ts';
import { fixedScale } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { RunWarning } from '../../src-shared/runWarning.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import { compileMachine, createEagerMachine, type Machine } from '../engine/graph/compileProgram.ts';
import { targetRank } from './targetRank.ts';
import { trainsClassWeights } from '../loss/classificationLosses.ts';
import { classWeightName } from '../loss/cosine.ts';
import { drawLossNoise } from '../loss/lossNoise.ts';
import type { Network } from '../model/network.ts';
import { drawAugmentation } from './augmentationDraws.ts';
import { isBetterEpoch } from './betterEpoch.ts';
import { collapsedCentres } from './centreHealth.ts';
import { latestCheckpoint, readCheckpoint, writeCheckpoint, type TrainingPosition } from './checkpoint.ts';
import { drawClasses } from './classDraws.ts';
import { DivergedError } from './divergedError.ts';
import { optimizerScalars } from './optimizer.ts';
import { appendPoints } from './pointLog.ts';
import type { PointStream } from './pointStream.ts';
import { dropoutShapes, inferenceProgram, initialState, mirroredProgram, trainProgram } from './programs.ts';
import { batchesOfEpoch } from './sampler.ts';
import { learningRateAt, marginShareAt } from './schedule.ts';
import { leavesSnapshot, mostShown, writeSnapshot } from './snapshots.ts';

/** Positions in the packed file and the class of each. */
export interface LabelledImages {
  readonly indexes: readonly number[];
  readonly labels: Int32Array;
}

export interface TrainRunOptions {
  readonly plan: Plan;
  readonly planHash: string;
  readonly arm: ArmPlan;
  readonly seed: number;
  readonly network: Network;
  readonly backbone: ReadonlyMap<string, Float32Array>;
  readonly classes: number;
  readonly packed: PackedImages;
  readonly train: LabelledImages;
  readonly val: LabelledImages;
  readonly runFolder: string;
  readonly resume: boolean;
  /** Epochs after which the run waits, saved; null: train to the end. */
  readonly untilEpoch: number | null;
  readonly compiled: boolean;
  readonly points: PointStream;
  readonly shouldStop: () => boolean;
  readonly shouldStopAfterEpoch: () => boolean;
  readonly onEpoch: (epoch: EpochSummary) => void;
  readonly onProgress: (progress: {
    readonly epoch: number;
    readonly done: number;
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
  /** Or saved before its end: on request, or to wait after untilEpoch. */
  readonly ended: 'whole' | 'stopped' | 'paused';
}

/**
 * Mean loss and top-1 accuracy of labelled images by the weights as they are, the classes that no image is taken for,
 * and the unit embeddings of the images at some positions, rising.
 */
export function measure(
  machine: Machine,
  packed: PackedImages,
  {
    images,
    batchSize,
    size,
    shown,
  }: {
    readonly images: LabelledImages;
    readonly batchSize: number;
    readonly size: number;
    readonly shown: readonly number[];
  },
): { loss: number; accuracy: number; unusedCentres: number; units: Float32Array } {
  let loss = 0;
  let correct = 0;
  const used = new Set<number>();
  const rows: Float32Array[] = [];
  let known = 0;
  for (const batch of inferenceBatches(machine, packed, { images, batchSize, size })) {
    const classes = batch.scores.length / batchSize;
    const width = batch.embeddings.length / batchSize;
    known = classes;
    for (let row = 0; row < batch.count; row++) {
      loss += batch.loss[row] as number;
      const scores = batch.scores.subarray(row * classes, (row + 1) * classes);
      const label = images.labels[batch.offset + row] as number;
      if (targetRank(scores, label) === 1) correct++;
      if (shown[rows.length] === batch.offset + row)
        rows.push(batch.embeddings.subarray(row * width, (row + 1) * width));
      used.add(scores.reduce((best, score, index) => (score > (scores[best] as number) ? index : best), 0));
    }
  }
  const units = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  rows.forEach((row, at) => {
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    units.set(
      row.map((value) => value / length),
      at * row.length,
    );
  });
  return {
    loss: loss / images.indexes.length,
    accuracy: correct / images.indexes.length,
    unusedCentres: known - used.size,
    units,
  };
}

/** Runs inference over images in order; the last batch is padded with its last image and says how many rows count. */
export function* inferenceBatches(
  machine: Machine,
  packed: PackedImages,
  { images, batchSize, size }: { readonly images: LabelledImages; readonly batchSize: number; readonly size: number },
) {
  const pixels = new Uint8Array(batchSize * size * size * 3);
  for (let offset = 0; offset < images.indexes.length; offset += batchSize) {
    const count = Math.min(batchSize, images.indexes.length - offset);
    const rows = Array.from({ length: batchSize }, (_, row) => offset + Math.min(row, count - 1));
    packed.readInto(
      rows.map((row) => images.indexes[row] as number),
      pixels,
    );
    const output = machine.step('infer', {
      images: pixels,
      labels: Int32Array.from(rows, (row) => images.labels[row] as number),
    });
    yield {
      offset,
      count,
      pixels,
      embeddings: output['embeddings'] as Float32Array,
      scores: output['scores'] as Float32Array,
      loss: output['loss'] as Float32Array,
    };
  }
}

/** The machine of a run: training, inference and mirrored inference over one state. */
export function createRunMachine(
  options: Pick<TrainRunOptions, 'plan' | 'arm' | 'network' | 'classes' | 'backbone' | 'seed' | 'compiled'>,
): Machine {
  const { plan, arm, network, classes, backbone, seed, compiled } = options;
  const programOptions = { network, loss: arm.loss, classes, training: plan.training };
  const { batchSize } = plan.training;
  const programs = {
    train: trainProgram(programOptions),
    infer: inferenceProgram(programOptions, batchSize),
    mirrored: mirroredProgram(programOptions, batchSize),
  };
  return (compiled ? compileMachine : createEagerMachine)(
    programs,
    initialState({ ...programOptions, backbone, seed }),
  );
}

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
const referenceSteps = 10;

/**
 * Trains one arm with one seed from the start or its last checkpoint to the end, and leaves the best weights in the
 * machine. Throws 'diverged'.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainedRun> {
  const { plan, arm, seed, network, packed, train, val, runFolder } = options;
  const { batchSize, epochs, learningRate, schedule, augmentation, earlyStopEpochs, marginWarmupEpochs, optimizer } =
    plan.training;
  const size = network.inputSize;
  const stepsPerEpoch = batchesOfEpoch(plan.training, train.labels, { seed, epoch: 0 }).length;
  const machine = createRunMachine(options);
  const wholeMarginFrom = Math.ceil(marginWarmupEpochs * stepsPerEpoch);
  const rateAt = (step: number) => learningRateAt(schedule, learningRate, { step, stepsPerEpoch, epochs });
  const drawOptions = {
    loss: arm.loss,
    classes: options.classes,
    embeddingSize: network.embeddingSize,
    training: plan.training,
  };
  const noiseShapes = dropoutShapes(network);
  const shown = randomStream(splitSeedOf(plan.split, seed), 'snapshots')
    .shuffle([...val.indexes.keys()])
    .slice(0, mostShown)
    .sort((a, b) => a - b);
  let position = freshPosition;
  const save = (name: string) => {
    appendPoints(runFolder, options.points.unkept()); // before the checkpoint that counts them
    options.points.kept();
    writeCheckpoint(runFolder, name, {
      planHash: options.planHash,
      position,
      state: machine.readState(),
      points: options.points.unconfirmed(),
    });
  };
  const tell = (points: Readonly<Record<string, number>>, epoch: number) => {
    const told = options.points.add(points, { step: position.step, epoch });
    position = { ...position, points: position.points === null ? null : position.points + told };
  };

  const checkpoint = options.resume ? latestCheckpoint(runFolder, options.onNotice) : null;
  if (checkpoint) {
    if (checkpoint.planHash !== options.planHash)
      throw new ArcBenchError(
        'wrong-input',
        `The checkpoint in ${runFolder} was made by another plan: resume with the experiment file of that ` +
          'run, or start a new run.',
      );
    machine.writeState(checkpoint.state);
    position = checkpoint.position;
    options.points.restore(checkpoint.points);
    options.onNotice(
      position.epoch < epochs
        ? `Resumed at epoch ${position.epoch + 1}, batch ${position.batch + 1}.`
        : 'Resumed at the end of training.',
    );
    position.warnings.forEach(options.onWarning); // whoever was to hear them may have died first, or lost them
    if (existsSync(join(runFolder, 'snapshots'))) options.onSnapshot(join(runFolder, 'snapshots'));
    if (basename(checkpoint.folder) !== 'last') save('last'); // it died between the best and the last
  }

  const pixels = new Uint8Array(batchSize * size * size * 3);
  const end = Math.min(epochs, options.untilEpoch ?? epochs);
  while (position.epoch < end) {
    const { epoch } = position;
    if (earlyStopEpochs > 0 && position.bestEpoch > 0 && epoch - position.bestEpoch >= earlyStopEpochs) {
      options.onNotice(`Stopped early after epoch ${epoch}: val is no better since epoch ${position.bestEpoch}.`);
      break;
    }
    const batches = batchesOfEpoch(plan.training, train.labels, { seed, epoch });
    for (let batch = position.batch; batch < batches.length; batch++) {
      const started = performance.now();
      const rows = batches[batch] as number[];
      packed.readInto(
        rows.map((row) => train.indexes[row] as number),
        pixels,
      );
      const rate = rateAt(position.step);
      const noise = [...noiseShapes].map(([node, shape]) => {
        const random = randomStream(seed, 'dropout', node, epoch, batch);
        return [
          `noise/${node}`,
          Float32Array.from({ length: batchSize * shape.reduce((a, b) => a * b, 1) }, random.next),
        ] as const;
      });
      const output = machine.step('train', {
        images: pixels,
        ...drawClasses(
          drawOptions,
          Int32Array.from(rows, (row) => train.labels[row] as number),
          { seed, epoch, batch },
        ),
        ...optimizerScalars(optimizer, position.step + 1, rate),
        marginShare: Float32Array.of(marginShareAt(marginWarmupEpochs, { step: position.step, stepsPerEpoch })),
        ...drawAugmentation(augmentation, size, { seed, epoch, batch, batchSize }),
        ...Object.fromEntries(noise),
        ...drawLossNoise(arm.loss, { seed, epoch, batch, batchSize }),
      });
      const told = Object.fromEntries(Object.entries(output).map(([name, [value]]) => [name, value ?? Number.NaN]));
      refuseDivergence({ told, reference: position.referenceLoss, classes: options.classes, epoch, arm: arm.name });
      const seconds = (performance.now() - started) / 1000;
      const sums = Object.fromEntries(
        Object.entries(told).map(([name, value]) => [name, (position.sums[name] ?? 0) + value]),
      );
      position = {
        ...position,
        batch: batch + 1,
        step: position.step + 1,
        images: position.images + batchSize,
        sums,
        referenceLoss:
          position.step + 1 === wholeMarginFrom + referenceSteps
            ? (sums['loss'] as number) / (batch + 1)
            : position.referenceLoss,
        seconds: position.seconds + seconds,
      };
      tell(prefixed('step', { ...told, learningRate: rate, imagesPerSecond: batchSize / seconds }), epoch + 1);
      options.onProgress({
        epoch: epoch + 1,
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
    const snapshot = leavesSnapshot(epoch + 1, epochs);
    const { unusedCentres, units, ...onVal } = measure(machine, packed, {
      images: val,
      batchSize,
      size,
      shown: snapshot ? shown : [],
    });
    if (snapshot && units.length > 0) {
      await writeSnapshot(join(runFolder, 'snapshots'), {
        epoch: epoch + 1,
        units,
        size: network.embeddingSize,
        images: shown.map((position) => val.indexes[position] as number),
      });
      options.onSnapshot(join(runFolder, 'snapshots'));
    }
    const collapsed = trainsClassWeights(arm.loss)
      ? collapsedCentres(machine.readState([classWeightName]).get(classWeightName) as Float32Array, {
          classes: options.classes,
          size: network.embeddingSize,
        })
      : null;
    const { gradientNorm, ...means } = Object.fromEntries(
      Object.entries(position.sums).map(([name, sum]) => [name, sum / batches.length]),
    );
    const points = {
      ...prefixed('train', means),
      ...prefixed('val', onVal),
      learningRate: rateAt(position.step - 1),
      gradientNorm: gradientNorm as number,
      imagesPerSecond: position.images / position.seconds,
      'centres/unused': unusedCentres,
      ...(collapsed === null ? {} : { 'centres/collapsed': collapsed }),
    };
    const better = isBetterEpoch(onVal, { accuracy: position.bestAccuracy, loss: position.bestLoss });
    position = {
      ...position,
      epoch: epoch + 1,
      batch: 0,
      sums: {},
      ...(better ? { bestEpoch: epoch + 1, bestAccuracy: onVal.accuracy, bestLoss: onVal.loss } : {}),
    };
    tell(points, epoch + 1);
    options.points.flush();
    const watched = { loss: 0, accuracy: 0, targetAngleDegrees: 0, embeddingNorm: 0, ...means };
    const warnings = healthWarnings({
      ...watched,
      gradientNorm: points.gradientNorm,
      epoch: epoch + 1,
      epochs,
      classes: options.classes,
      gradientClip: plan.training.gradientClip,
      warmupEpochs: Math.max(schedule.warmupEpochs, marginWarmupEpochs),
      drawnClasses: drawnClasses(plan.training, options.classes) ?? undefined,
      scale: fixedScale(arm.loss) ?? undefined,
      unusedCentres,
      collapsedCentres: collapsed ?? undefined,
    });
    position = { ...position, warnings: [...position.warnings, ...warnings] };
    warnings.forEach(options.onWarning);
    options.onEpoch({ epoch: epoch + 1, step: position.step, points });
    if (better) save('best');
    save('last');
    await nextTurn();
    if (position.epoch < epochs && options.shouldStopAfterEpoch()) return { machine, position, ended: 'stopped' };
  }
  if (end < epochs) return { machine, position, ended: 'paused' };
  // Test, query and distractors are judged by the weights that val chose.
  machine.writeState(readCheckpoint(join(runFolder, 'checkpoints', 'best')).state);
  return { machine, position, ended: 'whole' };
}

const prefixed = (prefix: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));

/**
 * Throws 'diverged' for an output of a step that is not a number, and for a loss beyond three times its natural size:
 * ln n, or where a margin makes
 * the loss start higher, the mean of the first steps with the whole margin.
 */
function refuseDivergence({
  told,
  reference,
  classes,
  epoch,
  arm,
}: {
  told: Readonly<Record<string, number>>;
  reference: number | null;
  classes: number;
  epoch: number;
  arm: string;
}): void {
  const limit = reference === null ? Number.POSITIVE_INFINITY : 3 * Math.max(Math.log(classes), reference);
  const loss = told['loss'] ?? Number.NaN;
  if (loss <= limit && Object.values(told).every(Number.isFinite)) return;
  throw new DivergedError({ arm, epoch: epoch + 1, loss, norm: told['gradientNorm'] ?? Number.NaN, limit });
}
