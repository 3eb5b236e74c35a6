import type { LabelledImages } from '../train/inferenceBatches.ts';
import type { PointStream } from '../train/pointStream.ts';
import type { TrainerMessage, TrainerTask } from './trainerMessages.ts';

/** The trainer process as a task sees it. */
export interface TaskSurroundings {
  readonly send: (message: TrainerMessage) => void;
  readonly points: PointStream;
  readonly shouldStop: () => boolean;
  readonly shouldStopAfterEpoch: () => boolean;
}

/** The images of each part with their labels. */
export type RunImages = Readonly<Record<keyof TrainerTask['parts'] | 'valPeople', LabelledImages>>;
