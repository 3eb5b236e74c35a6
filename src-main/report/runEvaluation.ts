import type { IdentificationRate } from '../../src-shared/maths/identificationRate.ts';
import type { SetVerification } from '../../src-shared/evaluation.ts';
import type { Verification } from '../../src-shared/evaluation.ts';
import type { TrainedSummary } from '../../src-shared/trainedSummary.ts';

interface CountedRate {
  readonly correct: number;
  readonly total: number;
  readonly value: number;
}
interface NamedPicture {
  readonly file: string;
  readonly identity: string;
}
interface HardPair {
  readonly first: NamedPicture;
  readonly second: NamedPicture;
  readonly cosine: number;
}

/**
 * What a report reads of a judged run besides accuracy and identification rate. A part is null where the split has no
 * data for it, and absent where an older version of ArcBench did not judge it.
 */
export interface JudgedParts {
  readonly verification?: {
    readonly genuine: number;
    readonly impostors: number;
    readonly people: number;
    readonly source?: 'built' | 'file';
    readonly listed?: number;
    readonly rates?: readonly IdentificationRate[];
    readonly byPeople?: { readonly rates: readonly IdentificationRate[] };
    readonly accuracy: {
      readonly mean: number;
      readonly standardDeviation?: number;
      readonly folds?: readonly { readonly pairs: number }[];
    };
    readonly intervals?: Verification['intervals'];
    readonly areaUnderCurve: number;
    readonly equalErrorRate: number;
    readonly roc: { readonly falsePositiveRates: readonly number[]; readonly truePositiveRates: readonly number[] };
  } | null;
  /** Verification sets such as lfw.bin; absent where the experiment names none. */
  readonly sets?: readonly SetVerification[];
  readonly ranks?: {
    readonly probes: number;
    readonly gallery: number;
    readonly byDistractors: readonly {
      readonly distractors: number;
      readonly rank1: { readonly value: number };
      readonly rank5?: { readonly value: number };
    }[];
    readonly cumulative?: readonly { readonly rank: number; readonly value: number }[];
  } | null;
  readonly marginFree?: {
    readonly images: number;
    readonly nearestCentre: CountedRate;
    readonly centreImages?: number;
    readonly cosine?: CountedRate | null;
    readonly silhouette: number | null;
    readonly alignment?: number | null;
    readonly uniformity?: number | null;
    readonly retrieval: {
      readonly queries: number;
      readonly meanAveragePrecisionAtR: number;
      readonly precisionAt1?: number;
      readonly rPrecision?: number;
    } | null;
  } | null;
  readonly geometry?: {
    readonly toMeans: {
      readonly own: { readonly count: number; readonly mean: number };
      readonly nearestOther: { readonly count: number; readonly mean: number };
    };
  } | null;
  readonly confusions?: {
    readonly mistaken: CountedRate;
    readonly mistakes: readonly (NamedPicture & { readonly predicted: string })[];
    readonly hardestImpostors: readonly HardPair[];
    readonly hardestGenuine: readonly HardPair[];
    readonly labelSuspects: readonly (NamedPicture & {
      readonly ownDegrees: number;
      readonly nearest: string;
      readonly nearestDegrees: number;
    })[];
  } | null;
}

export type RunEvaluation = NonNullable<TrainedSummary['evaluation']> & JudgedParts;
