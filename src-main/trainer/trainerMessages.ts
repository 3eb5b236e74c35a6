import type { Ancestry } from '../../src-shared/ancestry.ts';
import type { Predictions } from '../../src-shared/evaluation.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { ErrorCode } from '../../src-shared/errors.ts';
import type { EngineName, RunEngine } from '../../src-shared/runEngine.ts';
import type { RunWarning } from '../../src-shared/runWarning.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import type { ParentFiles } from '../model/weights/parentWeights.ts';
import type { RunPoint } from '../train/pointStream.ts';
import type { EpochSummary } from '../train/trainRun.ts';

/** A model or embeddings that are there already, with the SHA-256 of what was planned. */
export interface GivenFiles {
  readonly kind: 'onnx' | 'embeddings';
  readonly path: string;
  readonly sha256: string;
}

/** The files of the run that a run starts from, and what is to be taken from it. */
export interface TaskParent extends ParentFiles {
  /** Whether its classes are those of this run, in the same order. */
  readonly sameClasses: boolean;
  /** A checkpoint of the parent whose whole state is taken, the optimiser's too; null: its weights are taken. */
  readonly checkpoint: string | null;
}

/** What the workbench asks a trainer process to do: to train one arm with one seed, or to judge what is there. */
export interface TrainerTask {
  readonly plan: Plan;
  readonly planHash: string;
  readonly arm: string;
  readonly seed: number;
  readonly preparedFolder: string;
  readonly classes: readonly string[];
  readonly parts: Readonly<Record<'train' | 'val' | 'test' | 'query' | 'distractors', readonly number[]>>;
  readonly runFolder: string;
  /** What is judged in place of a network that is trained; null for an arm that is trained. */
  readonly given: GivenFiles | null;
  readonly resume: boolean;
  /** The epoch after which the run is saved and waits; null: train to the end. */
  readonly untilEpoch: number | null;
  readonly compiled: boolean;
  /** A list of verification pairs; null: built from held-out people. */
  readonly pairsFile: string | null;
  /** Verification sets such as lfw.bin. */
  readonly setFiles: readonly string[];
  /** The weight file that the backbone starts from; null: drawn from the seed, as the embedding head always is. */
  readonly weightFile: string | null;
  /** The run that training starts from; null where there is none. */
  readonly parent: TaskParent | null;
  /** Whether an extended run goes on with the optimiser of its parent. */
  readonly optimizerGoesOn: boolean;
  /** Judge test, query and distractors after training. */
  readonly evaluate: boolean;
  readonly engine: EngineName;
}

export type WorkbenchMessage =
  | { readonly kind: 'task'; readonly task: TrainerTask }
  | { readonly kind: 'stop' | 'stopAfterEpoch' }
  | { readonly kind: 'stored'; readonly batch: number };

export type TrainerMessage =
  | {
      readonly kind: 'started';
      /** Null where nothing is trained. */
      readonly initialWeightsHash: string | null;
      readonly engine: RunEngine;
      /** Whether the class centres are the parent's; absent without a parent, or where the loss has none. */
      readonly classCentres?: Ancestry['classCentres'];
    }
  | {
      readonly kind: 'progress';
      readonly epoch: number;
      readonly done: number;
      readonly total: number;
      readonly imagesPerSecond: number;
    }
  | { readonly kind: 'embedded'; readonly done: number; readonly total: number } // pictures, of a given model
  | { readonly kind: 'points'; readonly batch: number; readonly points: readonly RunPoint[] } // the answer is 'stored'
  | { readonly kind: 'epoch'; readonly summary: EpochSummary } // its points are sent by 'points'
  | { readonly kind: 'snapshot'; readonly folder: string } // the folder has a new one
  | { readonly kind: 'notice'; readonly message: string }
  | { readonly kind: 'warning'; readonly warning: RunWarning } // a health measure has left its range
  | { readonly kind: 'done'; readonly summary: TrainedSummary; readonly predictions: Predictions | null }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'paused' } // saved, to wait after untilEpoch
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      /** The message for any language, where it has one. */
      readonly told?: RunWarning;
    };

/** The message with which a trainer ends. */
export type LastMessage = Extract<TrainerMessage, { readonly kind: 'done' | 'stopped' | 'paused' | 'failed' }>;
