import type { ClosedSetAccuracy, Evaluation, Picture, Predictions, Verification } from '../../src-shared/evaluation.ts';
import { angularMargin, type LossPlan } from '../../src-shared/losses.ts';
import type { FacePair } from '../data/lfwPairs.ts';
import { trainsClassWeights } from '../loss/classificationLosses.ts';
import { classWeightName } from '../loss/cosine.ts';
import type { LabelledImages } from '../train/inferenceBatches.ts';
import { buildPairs } from './buildPairs.ts';
import { classSums, normalised, sampleOfClasses, type ClassCentres } from './classCentres.ts';
import { standings } from './compareWithCentres.ts';
import { embedImages, rowsOf, type EmbeddedImages, type EmbedOptions } from './embedImages.ts';
import { findAliases } from './findAliases.ts';
import { findConfusions } from './findConfusions.ts';
import { identifyByRank } from './identifyByRank.ts';
import { identifyPairs } from './identifyPairs.ts';
import { measureSpace, rateOf } from './measureSpace.ts';
import { verifyPairs } from './verifyPairs.ts';

export interface EvaluateOptions extends EmbedOptions {
  readonly falsePositiveRates: readonly number[];
  readonly classes: readonly string[];
  readonly train: LabelledImages;
  readonly val: LabelledImages;
  readonly test: LabelledImages;
  /** Labels name persons over query and distractors. */
  readonly query: LabelledImages;
  readonly distractors: LabelledImages;
  /** The pairs of a file; null: pairs are built from query and distractors. */
  readonly pairs: { readonly listed: number; readonly pairs: readonly FacePair[] } | null;
  readonly pictureOf: (index: number) => Picture;
  readonly loss: LossPlan;
  /** Of samples and pairs: the split's, so that all its runs are judged by the same. */
  readonly seed: number;
}

export interface JudgedRun {
  readonly evaluation: Evaluation;
  readonly predictions: Predictions;
  /** Unit embeddings of test, query and distractors, row by row, with what each row shows. */
  readonly embeddings: {
    readonly size: number;
    readonly values: Float32Array;
    readonly rows: readonly { readonly index: number; readonly part: 'test' | 'query' | 'distractors' }[];
  };
}

// What compares all pictures with all takes at most so many: seconds on two cores.
const mostCompared = 10_000;
const picturesOfCentre = 10;
const mostForCentres = 10_000;
const marginOfOthers = 0.5; // radians, ArcFace's default: by it losses without an angular margin are judged too

/**
 * Judges the weights in the machine on val, test, query and distractors, each once; class centres come from a sample of
 * train.
 */
export function evaluateRun(options: EvaluateOptions): JudgedRun {
  const { embeddingSize: size, classes, seed, pictureOf, loss } = options;
  const val = embedImages(options, options.val);
  const test = embedImages(options, options.test);
  // Held-out people have no class: their class scores are computed for class 0 and not read.
  const heldOut = (images: LabelledImages): EmbeddedImages => ({
    ...embedImages(options, { indexes: images.indexes, labels: new Int32Array(images.indexes.length) }),
    labels: images.labels,
  });
  const query = heldOut(options.query);
  const distractors = heldOut(options.distractors);
  const train = embedImages(
    options,
    sampleOfClasses(options.train, { perClass: picturesOfCentre, total: mostForCentres, seed }),
  );

  const centres = (rows: Float32Array): ClassCentres => ({
    rows: normalised(rows, size),
    subCenters: rows.length / size / classes.length,
  });
  const means = centres(classSums(train, { classes: classes.length, size }).sums);
  const weightRows = trainsClassWeights(loss)
    ? options.machine.readState([classWeightName]).get(classWeightName)
    : undefined;
  const compared =
    test.indexes.length <= mostCompared
      ? test
      : rowsOf(
          test,
          sampleOfClasses(
            { indexes: [...test.indexes.keys()], labels: test.labels },
            { perClass: mostCompared, total: mostCompared, seed },
          ).indexes,
        );
  const space = measureSpace(compared, {
    size,
    classes: classes.length,
    means,
    meanImages: train.indexes.length,
    weights: weightRows ? centres(weightRows) : null,
    marginRadians: angularMargin(loss) ?? marginOfOthers,
  });
  return {
    evaluation: {
      accuracy: { val: accuracyOf(val), test: accuracyOf(test) },
      identification: identifyPairs(
        { query: query.units, queryLabels: query.labels, distractors: distractors.units, size },
        options.falsePositiveRates,
      ),
      verification: verify(options, query, distractors),
      ranks: identifyByRank(query, distractors, { size, seed }),
      marginFree: space?.marginFree ?? null,
      geometry: space?.geometry ?? null,
      confusions: findConfusions({
        pictureOf,
        classes,
        test,
        query,
        distractors,
        size,
        judged: [train, test].map((images) => ({ images, standings: standings(images, means, size) })),
      }),
      aliases: findAliases({
        size,
        pictureOf,
        parts: [
          { part: 'train', images: train },
          { part: 'query', images: query },
          { part: 'distractors', images: distractors },
        ],
      }),
    },
    predictions: { images: test.indexes, labels: [...test.labels], predicted: [...test.predicted] },
    embeddings: joined(size, [
      ['test', test],
      ['query', query],
      ['distractors', distractors],
    ]),
  };
}

function accuracyOf({ ranks }: EmbeddedImages): ClosedSetAccuracy | null {
  const within = (rank: number) => rateOf(ranks.filter((own) => own <= rank).length, ranks.length);
  return ranks.length === 0 ? null : { top1: within(1), top5: within(5) };
}

/** Verification over the file's pairs, embedding pictures that no part holds, or over built ones. */
function verify(options: EvaluateOptions, query: EmbeddedImages, distractors: EmbeddedImages): Verification | null {
  const { embeddingSize: size, pictureOf, falsePositiveRates: falseAcceptanceRates } = options;
  const pairs =
    options.pairs?.pairs ??
    buildPairs([...query.indexes, ...distractors.indexes], [...query.labels, ...distractors.labels], options.seed);
  const known = new Map(
    [query, distractors].flatMap(({ indexes, units }) =>
      indexes.map((index, row) => [index, units.subarray(row * size, (row + 1) * size)] as const),
    ),
  );
  const missing = [...new Set(pairs.flatMap(({ first, second }) => [first, second]))].filter(
    (index) => !known.has(index),
  );
  const more = embedImages(options, { indexes: missing, labels: new Int32Array(missing.length) });
  missing.forEach((index, row) => known.set(index, more.units.subarray(row * size, (row + 1) * size)));
  return verifyPairs({
    pairs,
    source: options.pairs ? 'file' : 'built',
    listed: options.pairs?.listed ?? pairs.length,
    falseAcceptanceRates,
    unitOf: (index) => known.get(index) as Float32Array,
    identityOf: (index) => pictureOf(index).identity,
  });
}

function joined(
  size: number,
  parts: readonly (readonly ['test' | 'query' | 'distractors', EmbeddedImages])[],
): JudgedRun['embeddings'] {
  const values = new Float32Array(parts.reduce((sum, [, { units }]) => sum + units.length, 0));
  let offset = 0;
  for (const [, { units }] of parts) {
    values.set(units, offset);
    offset += units.length;
  }
  return { size, values, rows: parts.flatMap(([part, { indexes }]) => indexes.map((index) => ({ index, part }))) };
}
