import type { Ancestry } from '../../src-shared/ancestry.ts';
import type { ResolvedCopies } from '../../src-shared/answers/splitAnswers.ts';
import type { Advice } from '../../src-shared/advice.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import type { Predictions } from '../../src-shared/evaluation.ts';
import type { HalvingStop } from '../../src-shared/halving.ts';
import type { SharedHashes } from '../../src-shared/pairing.ts';
import type { RunEngine } from '../../src-shared/runEngine.ts';
import type { RunWarning } from '../../src-shared/runWarning.ts';
import type { SplitNote } from '../../src-shared/splitNotes.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';
import type { TuningOutcome } from '../../src-shared/tuningOutcome.ts';
import type { RunEvaluation } from './runEvaluation.ts';

export interface ReportRun {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  readonly status: string;
  readonly message: RunWarning | string | null;
  readonly hashes: SharedHashes;
  readonly curves: Readonly<Record<string, readonly { readonly epoch: number; readonly value: number }[]>>;
  /** Warnings about the run while it trained. Runs of older versions kept whole sentences. */
  readonly warnings: readonly (RunWarning | string)[];
  readonly picture: EmbeddingPicture | null;
  readonly summary: TrainedSummary | null;
  /** Where its weights began; absent or null where no run was its start. */
  readonly ancestry?: Ancestry | null;
  /** Where successive halving stopped the run; null where it did not. */
  readonly halving: HalvingStop | null;
  /** SHA-256 over weights, curves and judged metrics; null before the run is judged. */
  readonly resultHash: string | null;
  /** Every engine that trained or judged the run. */
  readonly engines?: readonly RunEngine[];
  /** The person that the run sees in each test picture; null where it was not judged. */
  readonly predictions: Predictions | null;
}

/** People held out for val, and the rate at which their identification was measured; null where it was not. */
export interface ValPeople {
  readonly people: number;
  readonly images: number;
  /** Those whose identification is measured after each epoch: fewer where they are many. */
  readonly measured: { readonly people: number; readonly images: number };
  readonly falsePositiveRate: number | null;
}

/** Embeddings of people who were not in training, along two principal components. */
export interface EmbeddingPicture {
  readonly explained: number;
  readonly points: readonly { readonly person: string; readonly x: number; readonly y: number }[];
}

/** Everything that a report says. It is written from this and nothing else. */
export interface ReportModel {
  readonly plan: Plan;
  readonly planHash: string;
  readonly rerunCommand: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly operatingSystem: string;
    readonly node: string;
    readonly tensorflow: string;
    readonly engine: string;
    readonly threads: number;
  };
  readonly dataset: {
    readonly source: string;
    readonly layout: string;
    readonly images: number;
    readonly people: number;
    readonly rejected: readonly { readonly path: string; readonly reason: string }[];
    /** What was excluded by hand; absent if nothing was. Files are relative to the source. */
    readonly excluded?: readonly { readonly identity: string; readonly file: string }[];
    readonly alignment: string;
    readonly inputSize: number;
    readonly hash: string;
  };
  readonly split: {
    readonly seed: number;
    readonly hash: string;
    readonly parts: readonly { readonly part: string; readonly people: number; readonly images: number }[];
    /** The people of val who are held out; absent where nobody is. They are among those of the part. */
    readonly valPeople?: ValPeople;
    readonly skippedPeople: number;
    /** How many splits the runs have, where each seed draws its own; 1 where all share one. */
    readonly splits: number;
    /** How the source states the parts; null if they are drawn. */
    readonly givenBy: string | null;
    readonly notes: readonly SplitNote[];
    /** What was done with copies of a picture; files are relative to the source. */
    readonly copies: readonly {
      readonly kind: ResolvedCopies['kind'];
      readonly people: readonly string[];
      readonly kept: readonly string[];
      readonly leftOut: readonly string[];
    }[];
    readonly findings: readonly { readonly name: string; readonly message: string; readonly blocking: boolean }[];
  };
  readonly advice: readonly Advice[];
  /** What tuning found for each arm; empty where nothing is tuned. */
  readonly tuning: readonly TuningOutcome[];
  /** What predictions refer to by number: classes in order, and test pictures by their place in the prepared set. */
  readonly test: { readonly classes: readonly string[]; readonly files: Readonly<Record<number, string>> };
  /** The faces of the failures, as data URLs: pictures by file, and one training picture of each person by name. */
  readonly faces: {
    readonly files: Readonly<Record<string, string>>;
    readonly people: Readonly<Record<string, string>>;
    /** Of each mistake that is shown: the most similar picture of the person that it was taken for. */
    readonly nearest?: readonly NearestFace[];
  };
  /** Sorted by arm, as the plan has them. */
  readonly runs: readonly ReportRun[];
  /** The author's remarks, by section. */
  readonly remarks?: Readonly<Record<string, string>>;
}

export interface NearestFace {
  readonly file: string;
  readonly person: string;
  /** The face as a data URL. */
  readonly face: string;
  /** Of the two pictures, by the first run that made the mistake; null where it keeps no embedding of either. */
  readonly cosine: number | null;
}

export type JudgedRun = ReportRun & { readonly summary: TrainedSummary & { readonly evaluation: RunEvaluation } };

/** The runs of an arm that are done and judged, sorted by seed. */
export const judgedRuns = (model: Pick<ReportModel, 'runs'>, arm: string): JudgedRun[] =>
  model.runs
    .filter(
      (run): run is JudgedRun =>
        run.arm === arm && run.status === 'done' && run.summary !== null && run.summary.evaluation !== null,
    )
    .sort((a, b) => a.seed - b.seed);
