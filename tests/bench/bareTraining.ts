import type { Plan } from '../../src-shared/experiment.ts';
import { lossSchema } from '../../src-shared/losses.ts';
import { initialParameters } from '../../src-main/model/initialParameters.ts';
import { pointStream } from '../../src-main/train/pointStream.ts';
import type { TrainRunOptions } from '../../src-main/train/trainRun.ts';

/** Every augmentation of pictures that a plan has, for a plan whose steps have the most to draw. */
export const allAugmentations = {
  flip: 0.5,
  shift: 0.05,
  zoom: 0.1,
  brightness: 0.2,
  contrast: 0.2,
  saturation: 0.2,
  grey: 0.1,
  erase: 0.2,
};

type Stated = 'network' | 'classes' | 'packed' | 'train' | 'val' | 'runFolder';

/** A run with ArcFace of the training loop alone: from nothing, compiled, and nobody listens. */
export const bareTraining = (
  plan: Plan,
  stated: Pick<TrainRunOptions, Stated> & Partial<TrainRunOptions>,
): TrainRunOptions => ({
  plan,
  planHash: 'bench',
  arm: { name: 'bench', loss: lossSchema.parse('arcFace') },
  seed: 1,
  backbone: initialParameters(stated.network, 1),
  goesOnFrom: null,
  optimizerGoesOn: false,
  mustResume: false,
  valPeople: { indexes: [], labels: new Int32Array(0) },
  resume: false,
  untilEpoch: null,
  compiled: true,
  points: pointStream(() => undefined),
  shouldStop: () => false,
  shouldStopAfterEpoch: () => false,
  onSnapshot: () => undefined,
  onEpoch: () => undefined,
  onProgress: () => undefined,
  onNotice: (message) => console.error(message),
  onWarning: () => undefined,
  ...stated,
});
