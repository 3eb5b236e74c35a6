import { randomStream } from '../../src-shared/maths/random.ts';
import type { PackedImages } from '../data/preparedSet.ts';
import { drawLossNoise } from '../loss/lossNoise.ts';
import { drawAugmentation } from './augmentationDraws.ts';
import { drawClasses } from './classDraws.ts';
import type { RunMachineOptions } from './createRunMachine.ts';
import type { LabelledImages } from './inferenceBatches.ts';
import { optimizerScalars } from './optimizer.ts';
import { dropoutNodes, dropoutSeedName } from './programs.ts';
import { marginShareAt } from './schedule.ts';

export interface StepInputsOptions extends Pick<RunMachineOptions, 'plan' | 'arm' | 'seed' | 'network' | 'classes'> {
  readonly packed: PackedImages;
  readonly train: LabelledImages;
  readonly stepsPerEpoch: number;
}

/** A training step's place: epoch and batch within it, steps before it, and its learning rate; all from 0. */
export interface StepPlace {
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  readonly learningRate: number;
}

/**
 * Makes the inputs of training steps: pixels, labels, schedules and every random draw. A draw depends only on seed,
 * epoch and batch, so all arms of one seed see the same pictures and a resumed run repeats nothing. `rows` are
 * positions in the training part. The pixels of one step are overwritten by the next.
 */
export function stepInputs(options: StepInputsOptions) {
  const { plan, arm, seed, network, classes, packed, train, stepsPerEpoch } = options;
  const { training } = plan;
  const { batchSize } = training;
  const size = network.inputSize;
  const pixels = new Uint8Array(batchSize * size * size * 3);
  const nodes = dropoutNodes(network);
  const classOptions = { loss: arm.loss, classes, embeddingSize: network.embeddingSize, training };

  const dropoutSeeds = (epoch: number, batch: number) =>
    Object.fromEntries(
      nodes.map((node) => {
        const random = randomStream(seed, 'dropout', node, epoch, batch);
        return [dropoutSeedName(node), Int32Array.of(random.integer(2 ** 31), random.integer(2 ** 31))];
      }),
    );

  return (rows: readonly number[], { epoch, batch, step, learningRate }: StepPlace) => {
    packed.readInto(
      rows.map((row) => train.indexes[row]!),
      pixels,
    );
    const labels = Int32Array.from(rows, (row) => train.labels[row]!);
    return {
      images: pixels,
      ...drawClasses(classOptions, labels, { seed, epoch, batch }),
      ...optimizerScalars(training.optimizer, step + 1, learningRate),
      marginShare: Float32Array.of(marginShareAt(training.marginWarmupEpochs, { step, stepsPerEpoch })),
      ...drawAugmentation(training.augmentation, size, { seed, epoch, batch, batchSize }),
      ...dropoutSeeds(epoch, batch),
      ...drawLossNoise(arm.loss, { seed, epoch, batch, batchSize }),
    };
  };
}
