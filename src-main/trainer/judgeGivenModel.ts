import { ArcBenchError } from '../../src-shared/errors.ts';
import { splitSeedOf } from '../../src-shared/experiment.ts';
import type { SetVerification } from '../../src-shared/evaluation.ts';
import { heldOutPairs } from '../data/pairs/heldOutPairs.ts';
import type { PackedImages, PreparedSet } from '../data/preparedSet.ts';
import { readVerificationSet } from '../data/verification/verificationSet.ts';
import type { Embed } from '../evaluate/embedImages.ts';
import { picturesOfCentres } from '../evaluate/classCentres.ts';
import { evaluateRun, type EvaluateOptions, type JudgedRun } from '../evaluate/evaluateRun.ts';
import { contentHash } from '../evaluate/given/contentHash.ts';
import { readGivenEmbeddings, rowsOfGiven } from '../evaluate/given/givenEmbeddings.ts';
import { openOnnxSession } from '../evaluate/given/onnxSession.ts';
import { judgeVerificationSet } from '../evaluate/judgeVerificationSet.ts';
import { syncFolders } from '../files/syncFolder.ts';
import { readGivenNetwork } from '../model/onnx/givenNetwork.ts';
import type { RunImages, TaskSurroundings } from './taskSurroundings.ts';
import type { GivenFiles, LastMessage, TrainerTask } from './trainerMessages.ts';
import { writeEmbeddings } from './writeEmbeddings.ts';

interface GivenTask {
  readonly task: TrainerTask;
  readonly given: GivenFiles;
  readonly set: PreparedSet;
  readonly packed: PackedImages;
  readonly images: RunImages;
}

/** A judged model, and how many numbers its weights have; null where that is unknown. */
interface Judged {
  readonly judged: JudgedRun;
  readonly parameters: number | null;
}

const stopped = new ArcBenchError('cancelled', 'The model was not evaluated to its end.');

/**
 * Judges a model or embeddings that were not trained here, on the pictures and pairs by which trained runs are judged.
 * Returns the last message of the run. Throws 'wrong-input' where they do not fit the data.
 */
export async function judgeGivenModel(own: GivenTask, surroundings: TaskSurroundings): Promise<LastMessage> {
  const { task, given, set } = own;
  const started = performance.now();
  await refuseChanged(given);
  let pictures = 0;
  const total = picturesToJudge(own);
  const onPictures = (count: number): void => {
    if (surroundings.shouldStop() || surroundings.shouldStopAfterEpoch()) throw stopped;
    pictures += count;
    surroundings.send({ kind: 'embedded', done: Math.min(pictures, total), total });
  };
  try {
    const { judged, parameters } =
      given.kind === 'onnx' ? await judgeNetwork(own, onPictures) : await judgeEmbeddings(own);
    const artefacts = await writeEmbeddings(task.runFolder, set, judged.embeddings);
    await syncFolders(task.runFolder); // the store is about to name these files
    const seconds = (performance.now() - started) / 1000;
    const { evaluation, predictions } = judged;
    const numbers = { epochs: 0, bestEpoch: 0, seconds, imagesPerSecond: pictures / seconds, parameters };
    return { kind: 'done', summary: { ...numbers, artefacts, evaluation }, predictions };
  } catch (error) {
    if (error === stopped) return { kind: 'stopped' };
    throw error;
  }
}

async function refuseChanged({ kind, path, sha256 }: GivenFiles): Promise<void> {
  if ((await contentHash(kind, path)) === sha256) return;
  throw new ArcBenchError('wrong-input', `${path} has changed since the experiment was started: start it again.`);
}

/** How many pictures a model embeds, for the progress. */
const picturesToJudge = ({ task, images }: GivenTask): number =>
  [images.test, images.query, images.distractors, picturesOfCentres(optionsOf({ task, images }))].reduce(
    (sum, { indexes }) => sum + indexes.length,
    0,
  );

const optionsOf = ({ task, images }: Pick<GivenTask, 'task' | 'images'>) => ({
  ...images,
  seed: splitSeedOf(task.plan.split, task.seed),
});

/** Judges the split's parts by what embeds them. */
function judgeParts(own: GivenTask, embed: Embed, embeddingSize: number): Promise<JudgedRun> {
  const { task, set } = own;
  const { plan, classes, pairsFile } = task;
  const options: EvaluateOptions = {
    ...optionsOf(own),
    embed,
    embeddingSize,
    head: null,
    falsePositiveRates: plan.evaluation.falsePositiveRates,
    pairWeights: plan.evaluation.pairWeights,
    classes,
    pairs: pairsFile === null ? null : heldOutPairs(pairsFile, set.images, classes),
    pictureOf: (index) => ({ file: set.images[index]?.path ?? '', identity: set.images[index]?.identity ?? '' }),
  };
  return evaluateRun(options);
}

async function judgeNetwork(own: GivenTask, onPictures: (count: number) => void): Promise<Judged> {
  const { task, given, packed, set } = own;
  const { inputSize } = set;
  const network = readGivenNetwork(given.path, inputSize);
  const session = await openOnnxSession(network, { path: given.path, inputSize, onBatch: onPictures });
  try {
    const { flip } = task.plan.evaluation;
    const { embeddingSize } = session;
    const judged = await judgeParts(own, (images) => session.embed(packed, images, flip), embeddingSize);
    const sets: SetVerification[] = [];
    for (const file of task.setFiles) {
      const embedWithMirror = (pixels: PackedImages, images: RunImages['test']) => session.embed(pixels, images, true);
      sets.push(
        await judgeVerificationSet({ embeddingSize, size: inputSize, embedWithMirror }, readVerificationSet(file)),
      );
    }
    const evaluation = sets.length === 0 ? judged.evaluation : { ...judged.evaluation, sets };
    return { judged: { ...judged, evaluation }, parameters: network.parameters };
  } finally {
    await session.close();
  }
}

/** Embeddings are there for pictures of the data only: they cannot be judged on verification sets. */
async function judgeEmbeddings(own: GivenTask): Promise<Judged> {
  const given = readGivenEmbeddings(own.given.path, own.set.images);
  const judged = await judgeParts(own, (images) => rowsOfGiven(given, images), given.rows.size);
  return { judged, parameters: null };
}
