import type {
  ClosedSetAccuracy,
  Evaluation,
  Identification,
  IdentificationByPeople,
  Picture,
  Predictions,
  Verification,
} from '../../src-shared/evaluation.ts';
import { angularMargin, type LossPlan } from '../../src-shared/losses.ts';
import type { FacePair } from '../data/pairs/matchPairs.ts';
import type { LabelledImages } from '../train/inferenceBatches.ts';
import { buildPairs } from './buildPairs.ts';
import { classSums, normalised, picturesOfCentres, sampleOfClasses, type ClassCentres } from './classCentres.ts';
import { isNearest, standings, type CentreStanding } from './compareWithCentres.ts';
import { rowsOf, type Embed, type EmbeddedImages } from './embedImages.ts';
import { findAliases } from './findAliases.ts';
import { findConfusions } from './findConfusions.ts';
import { hardestPairs } from './hardestPairs.ts';
import { peopleIdentification } from './identifyByPeople.ts';
import { rankIdentification } from './identifyByRank.ts';
import { pairIdentification } from './identifyPairs.ts';
import { measureSpace, rateOf } from './measureSpace.ts';
import { runPasses } from './pairPasses.ts';
import { verifyPairs } from './verifyPairs.ts';

export interface EvaluateOptions {
  readonly embed: Embed;
  readonly embeddingSize: number;
  /**
   * What was trained beside the network: its loss, and the class weights [classes x subCenters, embeddingSize] where it
   * has any. Null for a model that was not trained here: no class scores are its own, and the nearest class centre
   * takes their place where a picture needs a class.
   */
  readonly head: { readonly loss: LossPlan; readonly weights: Float32Array | null } | null;
  readonly falsePositiveRates: readonly number[];
  /** What counts equally in rates over pairs. */
  readonly pairWeights: 'people' | 'pairs';
  readonly classes: readonly string[];
  readonly train: LabelledImages;
  readonly val: LabelledImages;
  readonly test: LabelledImages;
  /** Labels number the people of query and distractors together. */
  readonly query: LabelledImages;
  readonly distractors: LabelledImages;
  /** The pairs of a file; null: pairs are built from query and distractors. */
  readonly pairs: { readonly listed: number; readonly pairs: readonly FacePair[] } | null;
  readonly pictureOf: (index: number) => Picture;
  /** For samples and pairs. It is the split's seed, so that all runs of a split are judged alike. */
  readonly seed: number;
}

export interface JudgedRun {
  readonly evaluation: Evaluation;
  /** Null for a model without a head. */
  readonly predictions: Predictions | null;
  /** Unit embeddings [images, size] of test, query and distractors, and the picture of each row. */
  readonly embeddings: {
    readonly size: number;
    readonly parts: readonly ({ readonly part: 'test' | 'query' | 'distractors' } & Pick<
      EmbeddedImages,
      'indexes' | 'units'
    >)[];
  };
}

const mostCompared = 10_000; // pictures that are compared with each other: a few seconds on two cores
const defaultMargin = 0.5; // radians, as ArcFace's: losses without an angular margin are measured by it too

/**
 * Judges a network on val, test, query and distractors, each once. Class centres come from a sample of train. Without a
 * head, val has nothing to be judged by and is not read.
 */
export async function evaluateRun(options: EvaluateOptions): Promise<JudgedRun> {
  const { embeddingSize: size, classes, seed, pictureOf, embed, head } = options;

  // Embed every picture that is judged.
  const val = head && (await embed(options.val));
  const tested = await embed(options.test);
  const query = await embedHeldOut(options, options.query);
  const distractors = await embedHeldOut(options, options.distractors);
  const train = await embed(picturesOfCentres(options));

  // Compare them with the class centres and with each other.
  const means = centresOf(classSums(train, { classes: classes.length, size }).sums, options);
  const test = head ? tested : classedByCentres(tested, standings(tested, means, size));
  const space = measureSpace(withinLimit(test, seed), {
    size,
    classes: classes.length,
    means,
    meanImages: train.indexes.length,
    weights: head?.weights ? centresOf(head.weights, options) : null,
    marginRadians: (head && angularMargin(head.loss)) ?? defaultMargin,
  });
  const heldOut = judgeHeldOut(options, { query, distractors });
  return {
    evaluation: {
      accuracy: { val: val && accuracyOf(val), test: head && accuracyOf(test) },
      identification: heldOut.identification,
      verification: await verify(options, query, distractors),
      ranks: heldOut.ranks,
      marginFree: space?.marginFree ?? null,
      geometry: space?.geometry ?? null,
      confusions: findConfusions({
        pictureOf,
        classes,
        test,
        hardest: heldOut.hardest,
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
    predictions: head && { images: test.indexes, labels: [...test.labels], predicted: [...test.predicted] },
    embeddings: {
      size,
      parts: [
        { part: 'test', ...test },
        { part: 'query', ...query },
        { part: 'distractors', ...distractors },
      ],
    },
  };
}

/** What is measured over all pairs of held-out people: their cosines are computed twice, for all measures together. */
function judgeHeldOut(
  { falsePositiveRates, embeddingSize: size, pairWeights, pictureOf, seed }: EvaluateOptions,
  { query, distractors }: { readonly query: EmbeddedImages; readonly distractors: EmbeddedImages },
) {
  const heldOut = { query, distractors, size, seed };
  const identification = pairIdentification(
    {
      query: query.units,
      queryLabels: query.labels,
      distractors: distractors.units,
      distractorLabels: distractors.labels,
      size,
      seed,
    },
    falsePositiveRates,
  );
  const people = peopleIdentification(heldOut, falsePositiveRates);
  const ranks = rankIdentification(heldOut);
  const hardest = hardestPairs({ pictureOf, query, distractors });
  runPasses(heldOut, [identification.first, people.first, hardest.pass, ...(ranks ? [ranks.pass] : [])]);

  const rates = identification.second();
  const byPeople = people.second();
  runPasses(
    heldOut,
    [rates, byPeople].flatMap((measure) => (measure ? [measure.pass] : [])),
  );
  return {
    identification:
      rates && withPeople(rates.result(), byPeople && byPeople.result(), { pairWeights, pictureOf, query }),
    ranks: ranks && ranks.result(),
    hardest: hardest.result(),
  };
}

/** The identification rates with those that weigh people equally beside them. */
function withPeople(
  identification: Identification,
  byPeople: IdentificationByPeople | null,
  {
    pairWeights,
    pictureOf,
    query,
  }: Pick<EvaluateOptions, 'pairWeights' | 'pictureOf'> & {
    readonly query: EmbeddedImages;
  },
): Identification {
  if (!byPeople) return identification;
  const { row, ...largest } = byPeople.largest;
  const { identity } = pictureOf(query.indexes[row]!);
  return {
    ...identification,
    weights: pairWeights,
    byPeople: { rates: byPeople.rates, largest: { ...largest, identity } },
  };
}

/** Embeds held-out people. They have no class: their class scores are computed for class 0 and never read. */
const embedHeldOut = async (
  { embed }: EvaluateOptions,
  { indexes, labels }: LabelledImages,
): Promise<EmbeddedImages> => ({
  ...(await embed({ indexes, labels: new Int32Array(indexes.length) })),
  labels,
});

/** Pictures with the class whose centre is the nearest. Of those that are wrong, all have the rank 2. */
const classedByCentres = (images: EmbeddedImages, found: readonly CentreStanding[]): EmbeddedImages => ({
  ...images,
  ranks: Int32Array.from(found, (standing) => (isNearest(standing) ? 1 : 2)),
  predicted: Int32Array.from(found, (standing, row) =>
    isNearest(standing) ? images.labels[row]! : standing.nearestClass,
  ),
});

/** Class centres from rows [classes x subCenters, embeddingSize] of any length. */
const centresOf = (rows: Float32Array, { embeddingSize, classes }: EvaluateOptions): ClassCentres => ({
  rows: normalised(rows, embeddingSize),
  subCenters: rows.length / embeddingSize / classes.length,
});

/** The images, or a sample of them where they are too many to be compared with each other. */
function withinLimit(images: EmbeddedImages, seed: number): EmbeddedImages {
  if (images.indexes.length <= mostCompared) return images;
  const positions = { indexes: [...images.indexes.keys()], labels: images.labels };
  return rowsOf(images, sampleOfClasses(positions, { perClass: mostCompared, total: mostCompared, seed }).indexes);
}

function accuracyOf({ ranks }: EmbeddedImages): ClosedSetAccuracy | null {
  const within = (rank: number) => rateOf(ranks.filter((own) => own <= rank).length, ranks.length);
  return ranks.length === 0 ? null : { top1: within(1), top5: within(5) };
}

/** Verification over the pairs of a file or over built ones. Embeds pictures of the file that are in no part. */
async function verify(
  options: EvaluateOptions,
  query: EmbeddedImages,
  distractors: EmbeddedImages,
): Promise<Verification | null> {
  const { embeddingSize: size, pictureOf, falsePositiveRates: falseAcceptanceRates } = options;
  const pairs =
    options.pairs?.pairs ??
    buildPairs([...query.indexes, ...distractors.indexes], [...query.labels, ...distractors.labels], options.seed);
  const rowOf = new Map<number, Float32Array>();
  const wanted = new Set(pairs.flatMap(({ first, second }) => [first, second]));
  const keep = ({ indexes, units }: EmbeddedImages) =>
    indexes.forEach((index, row) => {
      if (wanted.delete(index)) rowOf.set(index, units.subarray(row * size, (row + 1) * size));
    });
  keep(query);
  keep(distractors);
  const missing = [...wanted];
  keep(await options.embed({ indexes: missing, labels: new Int32Array(missing.length) }));
  return verifyPairs({
    weights: options.pairWeights,
    pairs,
    source: options.pairs ? 'file' : 'built',
    listed: options.pairs?.listed ?? pairs.length,
    falseAcceptanceRates,
    unitOf: (index) => rowOf.get(index)!,
    identityOf: (index) => pictureOf(index).identity,
    seed: options.seed,
  });
}
