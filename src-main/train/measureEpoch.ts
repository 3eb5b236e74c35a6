import { ArcBenchError } from '../../src-shared/errors.ts';
import { drawnClasses, splitSeedOf } from '../../src-shared/experiment.ts';
import { healthWarnings } from '../../src-shared/health.ts';
import { fixedScale } from '../../src-shared/losses.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import type { RunWarning } from '../../src-shared/runWarning.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { trainsClassWeights } from '../loss/classificationLosses.ts';
import { classWeightName } from '../loss/cosine.ts';
import type { ValResult } from './betterEpoch.ts';
import { collapsedCentres } from './centreHealth.ts';
import type { RunMachineOptions } from './createRunMachine.ts';
import type { LabelledImages } from './inferenceBatches.ts';
import { measureVal } from './measureVal.ts';
import { valIdentification } from './valIdentification.ts';
import { noValPairs } from './valPairs.ts';
import { leavesSnapshot, mostShown, writeSnapshot } from './snapshots.ts';

export interface MeasureEpochOptions extends Pick<RunMachineOptions, 'plan' | 'arm' | 'network' | 'classes' | 'seed'> {
  readonly packed: PackedImages;
  readonly val: LabelledImages;
  readonly valPeople: LabelledImages;
  readonly runFolder: string;
  readonly onSnapshot: (folder: string) => void;
}

/** What the steps of an epoch have left behind. */
export interface EpochSteps {
  readonly epoch: number; // from 1
  /** Mean of each output of the training step over the epoch's steps, by name. */
  readonly means: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

export interface EpochMeasures {
  /** What chooses the best epoch. */
  readonly val: ValResult & { readonly loss: number };
  /** Points of the run's curves, by name. */
  readonly points: Readonly<Record<string, number>>;
  /** Health measures that have left their range. */
  readonly warnings: readonly RunWarning[];
}

/** Measures a run at the end of each epoch: val, class centres, health, and from time to time a snapshot. */
export function epochMeasurement(options: MeasureEpochOptions) {
  const { plan, arm, seed, network, classes, packed, val } = options;
  const { batchSize, epochs } = plan.training;
  const splitSeed = splitSeedOf(plan.split, seed);
  const shown = shownImages(val, splitSeed);
  const identifyVal = valIdentification({ ...options, seed: splitSeed });

  return async (machine: Machine, { epoch, means, ...rates }: EpochSteps): Promise<EpochMeasures> => {
    // Val: what chooses the best epoch, and the embeddings that the screen shows.
    const isShown = leavesSnapshot(epoch, epochs);
    const { loss, accuracy, unusedCentres, units } = measureVal(machine, packed, {
      images: val,
      classes,
      batchSize,
      size: network.inputSize,
      shown: isShown ? shown : [],
    });
    if (isShown && units.length > 0) await keepSnapshot(options, { epoch, units, shown });

    // People held out for val: how well they are told apart.
    const identification = identifyVal(machine);
    const score = plan.evaluation.select === 'identification' ? identification : accuracy;
    if (score === null) throw new ArcBenchError('failed', noValPairs);

    // Class centres that lie on top of each other.
    const collapsed = trainsClassWeights(arm.loss)
      ? collapsedCentres(machine.readState([classWeightName]).get(classWeightName)!, {
          classes,
          size: network.embeddingSize,
        })
      : null;

    const { gradientNorm = Number.NaN, clipped, ...trainMeans } = means;
    return {
      val: { loss, score },
      points: {
        ...prefixed('train', trainMeans),
        ...prefixed('val', { loss, accuracy, ...(identification === null ? {} : { identification }) }),
        learningRate: rates.learningRate,
        gradientNorm,
        ...(clipped === undefined ? {} : { clipped }),
        imagesPerSecond: rates.imagesPerSecond,
        'centres/unused': unusedCentres,
        ...(collapsed === null ? {} : { 'centres/collapsed': collapsed }),
      },
      warnings: warningsOf(options, { epoch, means: trainMeans, gradientNorm, unusedCentres, collapsed }),
    };
  };
}

/** Values by names that begin with a prefix and a slash. */
export const prefixed = (prefix: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));

/** Positions of the val images in the snapshots, rising. The split's seed draws them, so all runs show the same. */
const shownImages = (val: LabelledImages, seed: number): readonly number[] =>
  randomStream(seed, 'snapshots')
    .shuffle([...val.indexes.keys()])
    .slice(0, mostShown)
    .sort((a, b) => a - b);

async function keepSnapshot(
  { network, val, runFolder, onSnapshot }: MeasureEpochOptions,
  { epoch, units, shown }: { readonly epoch: number; readonly units: Float32Array; readonly shown: readonly number[] },
): Promise<void> {
  const folder = runFiles(runFolder).snapshots;
  const images = shown.map((position) => val.indexes[position]!);
  await writeSnapshot(folder, { epoch, units, size: network.embeddingSize, images });
  onSnapshot(folder);
}

function warningsOf(
  { plan, arm, classes }: MeasureEpochOptions,
  measured: Pick<EpochSteps, 'epoch' | 'means'> & {
    readonly gradientNorm: number;
    readonly unusedCentres: number;
    readonly collapsed: number | null;
  },
): RunWarning[] {
  const { training } = plan;
  return healthWarnings({
    ...{ loss: 0, accuracy: 0, targetAngleDegrees: 0, embeddingNorm: 0, ...measured.means },
    gradientNorm: measured.gradientNorm,
    epoch: measured.epoch,
    epochs: training.epochs,
    classes,
    gradientClip: training.gradientClip.norm,
    warmupEpochs: Math.max(training.schedule.warmupEpochs, training.marginWarmupEpochs),
    drawnClasses: drawnClasses(training, classes) ?? undefined,
    scale: fixedScale(arm.loss) ?? undefined,
    unusedCentres: measured.unusedCentres,
    collapsedCentres: measured.collapsed ?? undefined,
  });
}
