import type { IdentificationRate } from './maths/identificationRate.ts';
import type { Interval } from './maths/statistics.ts';
import type { Spread } from './maths/histogram.ts';
import type { RankRate } from './maths/cumulativeMatch.ts';
import type { Retrieval } from './maths/retrieval.ts';
import type { DrawnCurve } from './maths/thinRoc.ts';
import type { VerificationAccuracy } from './maths/verificationFolds.ts';
import type { DistanceFold } from './maths/insightfaceFolds.ts';

export interface Rate {
  readonly correct: number;
  readonly total: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
export interface ClosedSetAccuracy {
  readonly top1: Rate;
  readonly top5: Rate;
}
/** Which picture, by its source file. */
export interface Picture {
  readonly file: string;
  readonly identity: string;
}

/** Same person or not: LFW's folds over pairs of people who never trained. */
export interface Verification {
  readonly source: 'built' | 'file';
  /** Pairs that the file lists; of them only those of people who never trained are used. */
  readonly listed: number;
  readonly genuine: number;
  readonly impostors: number;
  readonly people: number;
  readonly accuracy: VerificationAccuracy;
  readonly areaUnderCurve: number;
  readonly equalErrorRate: number;
  /** By a bootstrap over people, as those of the rates. Absent from older runs, whose rates have Wilson's. */
  readonly intervals?: {
    readonly accuracy: Interval;
    readonly areaUnderCurve: Interval;
    readonly equalErrorRate: Interval;
  };
  /** TAR@FAR; its threshold lets floor(FAR x impostors) impostors through. */
  readonly rates: readonly IdentificationRate[];
  /** TAR@FAR with equal weight for people, of built pairs; absent from runs that an older version judged. */
  readonly byPeople?: { readonly rates: readonly IdentificationRate[] };
  readonly weights?: 'people' | 'pairs';
  readonly roc: DrawnCurve;
}

/** How a run does on a verification set such as lfw.bin, judged as insightface judges it. */
export interface SetVerification {
  /** The file's name without `.bin`. */
  readonly name: string;
  readonly genuine: number;
  readonly impostors: number;
  /** Pairs judged right at the thresholds of their folds, with an interval over pairs, as the file names no people. */
  readonly accuracy: Rate;
  /** Mean of the folds' accuracies, and their population standard deviation. */
  readonly mean: number;
  readonly standardDeviation: number;
  readonly folds: readonly DistanceFold[];
  /** TAR at a FAR of 1e-3; null where no fold has pairs of both kinds. */
  readonly acceptance: {
    readonly mean: number;
    readonly standardDeviation: number;
    readonly falseAcceptance: number;
  } | null;
  /** Mean length of an embedding before normalisation (insightface's XNorm). */
  readonly norm: number;
}

/**
 * Whose picture is it: each probe against one picture of every query person and a growing number of distractors, as
 * MegaFace asks.
 */
export interface RankIdentification {
  readonly probes: number;
  readonly gallery: number;
  readonly byDistractors: readonly {
    readonly distractors: number;
    readonly rank1: RankRate;
    readonly rank5: RankRate;
  }[];
  /** Ranks 1 to 20 with all distractors. */
  readonly cumulative: readonly RankRate[];
}

/**
 * What any two losses can be compared by: test pictures (a seeded sample of them where there are many), no margin, no
 * scale.
 */
export interface MarginFree {
  readonly images: number;
  /** Top-1 by the cosine to the mean training embedding of each class, and the pictures that those means rest on. */
  readonly nearestCentre: Rate;
  readonly centreImages: number;
  /** Top-1 by the cosine to the trained class weights, without bias or norm; null for a loss that trains none. */
  readonly cosine: Rate | null;
  readonly retrieval: Retrieval | null;
  readonly silhouette: number | null;
  readonly alignment: number | null;
  readonly uniformity: number | null;
}

/** Angles from test pictures to class centres, in degrees. */
export interface CentreAngles {
  readonly own: Spread;
  readonly nearestOther: Spread;
  /** Share of pictures further than π - m from their own centre. */
  readonly beyondMargin: number;
}

export interface Geometry {
  /** m of beyondMargin, radians: the loss's own, or ArcFace's default 0.5 for a loss without one. */
  readonly marginRadians: number;
  readonly within: Spread | null;
  readonly between: Spread | null;
  /** Centres as mean training embeddings. */
  readonly toMeans: CentreAngles;
  /** Centres as trained class weights; null for a loss that trains none. */
  readonly toWeights: CentreAngles | null;
  readonly betweenWeights: Spread | null;
  readonly norms: Spread;
}

export interface HardPair {
  readonly first: Picture;
  readonly second: Picture;
  readonly cosine: number;
}

/** What went wrong, with pictures; every list is bounded, worst first. */
export interface Confusions {
  readonly mistaken: Rate; // wrong of all test pictures
  readonly mistakes: readonly (Picture & { readonly predicted: string })[];
  readonly confusedPeople: readonly {
    readonly identity: string;
    readonly predicted: string;
    readonly count: number;
    readonly files: readonly string[];
  }[];
  /** Held-out people: the most alike pictures of two persons and the least alike of one. */
  readonly hardestImpostors: readonly HardPair[];
  readonly hardestGenuine: readonly HardPair[];
  /** Training and test pictures nearer to another person's centre than to their own, furthest from their own first. */
  readonly labelSuspects: readonly (Picture & {
    readonly ownDegrees: number;
    readonly nearest: string;
    readonly nearestDegrees: number;
  })[];
}

/**
 * Two people whose mean embeddings have a cosine above `bar`, between that of a picture with its own person's others
 * and that of two means of one person: perhaps one person under two names.
 */
export interface AliasSuspect {
  readonly first: {
    readonly identity: string;
    readonly part: 'train' | 'query' | 'distractors';
    readonly files: readonly string[];
  };
  readonly second: AliasSuspect['first'];
  readonly cosine: number;
  readonly bar: number;
}

/** The identification rate with equal weight for people. */
export interface IdentificationByPeople {
  readonly rates: readonly IdentificationRate[];
  /** The person with the most query images: a row of theirs, and which shares of the pairs are theirs. */
  readonly largest: {
    readonly row: number;
    readonly images: number;
    readonly people: number;
    readonly positiveShare: number;
    readonly negativeShare: number;
  };
}

export interface Identification {
  readonly positives: number;
  readonly negatives: number;
  /** People of query. Absent from older runs, whose intervals take pairs for independent (Wilson's). */
  readonly people?: number;
  /** With equal weight for pairs. */
  readonly rates: readonly IdentificationRate[];
  /** With equal weight for people; absent from runs that an older version judged. */
  readonly byPeople?: {
    readonly rates: readonly IdentificationRate[];
    readonly largest: Omit<IdentificationByPeople['largest'], 'row'> & { readonly identity: string };
  };
  /** What the plan gives equal weight. */
  readonly weights?: 'people' | 'pairs';
}

/** The rates by the weights that the run's plan asks for. */
export const identificationRatesOf = ({ rates, byPeople, weights }: WeighedRates): readonly IdentificationRate[] =>
  weights === 'people' && byPeople ? byPeople.rates : rates;
/** Rates over pairs with both weights. */
export type WeighedRates = {
  readonly rates: readonly IdentificationRate[];
  readonly byPeople?: { readonly rates: readonly IdentificationRate[] };
  readonly weights?: 'people' | 'pairs';
};

/**
 * Everything that judging a run on val, test, query and distractors says; of bounded size. Null where the split does
 * not carry a part; absent from runs that an older version judged.
 */
export interface Evaluation {
  readonly accuracy: { readonly val: ClosedSetAccuracy | null; readonly test: ClosedSetAccuracy | null };
  readonly identification: Identification | null;
  readonly verification?: Verification | null;
  /** Verification sets such as lfw.bin, in the order of the experiment; absent where it names none. */
  readonly sets?: readonly SetVerification[];
  readonly ranks?: RankIdentification | null;
  readonly marginFree?: MarginFree | null;
  readonly geometry?: Geometry | null;
  readonly confusions?: Confusions | null;
  readonly aliases?: readonly AliasSuspect[];
}

/** The class that a run gives each test picture: parallel lists, labels as positions among the split's classes. */
export interface Predictions {
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
}
