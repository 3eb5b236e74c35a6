import { ArcBenchError } from '../../src-shared/errors.ts';
import { noParent, type Ancestry } from '../../src-shared/ancestry.ts';
import { isTrained, type TrainedArm } from '../../src-shared/arms.ts';
import { splitSeedOf, type Plan } from '../../src-shared/experiment.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import type { SetVerification } from '../../src-shared/evaluation.ts';
import { heldOutPairs } from '../data/pairs/heldOutPairs.ts';
import { openPackedImages, openPreparedSet, type PackedImages, type PreparedSet } from '../data/preparedSet.ts';
import { readVerificationSet } from '../data/verification/verificationSet.ts';
import { explainNoCuda } from '../engine/explainNoCuda.ts';
import type { Machine } from '../engine/graph/compileProgram.ts';
import { describeEngine } from '../engine/tensorflow.ts';
import { embedImages } from '../evaluate/embedImages.ts';
import { evaluateRun, type JudgedRun } from '../evaluate/evaluateRun.ts';
import { judgeVerificationSet, type SetJudge } from '../evaluate/judgeVerificationSet.ts';
import { syncFolders } from '../files/syncFolder.ts';
import { runFiles } from '../files/workspaceFolders.ts';
import { trainsClassWeights } from '../loss/classificationLosses.ts';
import { classWeightName } from '../loss/cosine.ts';
import { buildNetwork } from '../model/buildNetwork.ts';
import { initialParameters, parametersHash } from '../model/initialParameters.ts';
import { writeLayersModel } from '../model/layersModel.ts';
import { parameterSpecs, type Network } from '../model/network.ts';
import { parentHead, parentParameters } from '../model/weights/parentWeights.ts';
import { pretrainedBackbone } from '../model/weights/pretrainedBackbone.ts';
import { writeSafetensors } from '../model/weights/safetensors.ts';
import { writeTorchWeights } from '../model/weights/torchWeights.ts';
import { valImages } from '../split/valPeople.ts';
import type { LabelledImages } from '../train/inferenceBatches.ts';
import { headShapes } from '../train/programs.ts';
import { trainRun, type TrainedRun } from '../train/trainRun.ts';
import type { RunImages, TaskSurroundings } from './taskSurroundings.ts';
import { judgeGivenModel } from './judgeGivenModel.ts';
import { writeEmbeddings } from './writeEmbeddings.ts';
import type { TrainerMessage, TrainerTask } from './trainerMessages.ts';

/** What a task's phases share. */
interface Run {
  readonly task: TrainerTask;
  readonly arm: TrainedArm;
  readonly network: Network;
  readonly set: PreparedSet;
  readonly packed: PackedImages;
  readonly images: RunImages;
}
/** Trains, saves and judges one run. Sends what happens; the last message says how it ended. Throws ArcBenchError. */
export async function runTask(task: TrainerTask, surroundings: TaskSurroundings): Promise<void> {
  const { plan, runFolder } = task;
  const { send } = surroundings;

  // Open the engine and the images.
  const engine = describeEngine();
  if (task.engine === 'cuda' && engine.device !== 'cuda') throw new ArcBenchError('wrong-input', explainNoCuda());
  const set = openPreparedSet(task.preparedFolder);
  const packed = openPackedImages(set);
  try {
    if (task.given) {
      send({ kind: 'started', initialWeightsHash: null, engine });
      send(
        await judgeGivenModel({ task, given: task.given, set, packed, images: labelledParts(task, set) }, surroundings),
      );
      return;
    }
    const arm = plan.arms.find((entry) => entry.name === task.arm);
    if (!arm || !isTrained(arm)) throw new ArcBenchError('wrong-input', `The plan trains no arm named ${task.arm}.`);
    const network = buildNetwork(plan.model, plan.prepare.inputSize);
    const run: Run = { task, arm, network, set, packed, images: labelledParts(task, set) };

    // Train.
    const initial = initialWeights(run);
    send({
      kind: 'started',
      initialWeightsHash: parametersHash(initial.network),
      engine: {
        ...engine,
        steps: task.compiled ? 'compiled' : 'eager',
        ...(plan.training.precision === 'bfloat16' ? { precision: 'bfloat16' as const } : {}),
      },
      classCentres: initial.classCentres,
    });
    const trained = await train(run, initial, surroundings);
    surroundings.points.flush();
    if (trained.ended !== 'whole') {
      send({ kind: trained.ended });
      return;
    }

    // Save the model, then judge it.
    const models = await writeModels(run, trained.machine);
    const judged = task.evaluate ? await judge(run, trained.machine) : null;
    const embeddings = judged ? await writeEmbeddings(runFolder, set, judged.embeddings) : {};
    await syncFolders(runFolder); // the store is about to name these files
    send(done({ network, trained, judged, artefacts: { ...models, ...embeddings } }));
  } finally {
    packed.close();
  }
}

/**
 * The images of each part with their labels: the class for train, val and test, the person for query, distractors and
 * the people held out for val, who have no class.
 */
function labelledParts({ classes, parts }: TrainerTask, set: PreparedSet): RunImages {
  const classOf = new Map(classes.map((identity, label) => [identity, label]));
  const personOf = new Map<string, number>();
  const ofClass = (identity: string) => classOf.get(identity) ?? 0;
  const ofPerson = (identity: string) => {
    const known = personOf.get(identity);
    if (known !== undefined) return known;
    const next = personOf.size;
    personOf.set(identity, next);
    return next;
  };
  const val = valImages(set.images, { classes, val: parts.val });
  const labelled = (indexes: readonly number[], labelOf: (identity: string) => number): LabelledImages => ({
    indexes,
    labels: Int32Array.from(indexes, (index) => labelOf(set.images[index]?.identity ?? '')),
  });
  return {
    train: labelled(parts.train, ofClass),
    val: labelled(val.ofClasses, ofClass),
    valPeople: labelled(val.ofOthers, ofPerson),
    test: labelled(parts.test, ofClass),
    query: labelled(parts.query, ofPerson),
    distractors: labelled(parts.distractors, ofPerson),
  };
}

/** What training begins with. */
interface InitialWeights {
  readonly network: ReadonlyMap<string, Float32Array>;
  /** The parent's class centres; empty where they are drawn. */
  readonly head: ReadonlyMap<string, Float32Array>;
  readonly classCentres: Ancestry['classCentres'];
}

/** Parameters drawn from the seed, those replaced that a weight file or the run's parent gives. */
function initialWeights({ task, arm, network }: Run): InitialWeights {
  const { seed, weightFile, parent, classes } = task;
  const drawn = initialParameters(network, seed);
  if (!parent) {
    const backbone = weightFile === null ? [] : pretrainedBackbone(weightFile, network);
    return { network: new Map([...drawn, ...backbone]), head: new Map(), classCentres: undefined };
  }
  const shapes = headShapes({ network, loss: arm.loss, classes: classes.length });
  const head = parentHead(parent, { shapes, sameClasses: parent.sameClasses });
  const said = head ? 'taken' : 'drawn';
  return {
    network: parentParameters(parent, network),
    head: head ?? new Map(),
    classCentres: shapes.size === 0 ? undefined : said,
  };
}

const hasParent = ({ model, extends: extended }: Plan): boolean => model.from !== noParent || extended !== undefined;

const train = (
  { task, arm, network, packed, images }: Run,
  initial: InitialWeights,
  { send, points, shouldStop, shouldStopAfterEpoch }: TaskSurroundings,
): Promise<TrainedRun> =>
  trainRun({
    plan: task.plan,
    planHash: task.planHash,
    arm,
    seed: task.seed,
    network,
    backbone: initial.network,
    head: initial.head,
    goesOnFrom: task.parent?.checkpoint ?? null,
    optimizerGoesOn: task.optimizerGoesOn,
    mustResume: task.parent === null && hasParent(task.plan),
    classes: task.classes.length,
    packed,
    train: images.train,
    val: images.val,
    valPeople: images.valPeople,
    runFolder: task.runFolder,
    resume: task.resume,
    untilEpoch: task.untilEpoch,
    compiled: task.compiled,
    points,
    shouldStop,
    shouldStopAfterEpoch,
    onSnapshot: (folder) => send({ kind: 'snapshot', folder }),
    onEpoch: (summary) => send({ kind: 'epoch', summary }),
    onProgress: (progress) => send({ kind: 'progress', ...progress }),
    onNotice: (message) => send({ kind: 'notice', message }),
    onWarning: (warning) => send({ kind: 'warning', warning }),
  });

/** Writes the tfjs model, torch's weights and the head; returns their paths. */
async function writeModels({ task, arm, network }: Run, machine: Machine) {
  const { runFolder, classes } = task;
  const { savedModel, weights, head } = runFiles(runFolder);

  const parameters = machine.readState(parameterSpecs(network).map((spec) => spec.name));
  await writeLayersModel(savedModel, network, parameters);
  writeTorchWeights(weights, network, parameters);

  const shapes = headShapes({ network, loss: arm.loss, classes: classes.length });
  const values = machine.readState([...shapes.keys()]);
  writeSafetensors(head, new Map([...shapes].map(([name, shape]) => [name, { shape, values: values.get(name)! }])), {
    format: 'pt',
    loss: JSON.stringify(arm.loss),
    classes: JSON.stringify(classes),
  });
  return { savedModel, weights, head };
}

/** Judges the split's parts, then the verification sets. */
async function judge({ task, arm, network, set, packed, images }: Run, machine: Machine): Promise<JudgedRun> {
  const { plan, classes, pairsFile } = task;
  const embedding = {
    machine,
    batchSize: plan.training.batchSize,
    size: network.inputSize,
    embeddingSize: network.embeddingSize,
  };
  const judged = await evaluateRun({
    embed: (pictures) => embedImages({ ...embedding, packed, flip: plan.evaluation.flip }, pictures),
    embeddingSize: network.embeddingSize,
    head: { loss: arm.loss, weights: classWeights(arm, machine) },
    falsePositiveRates: plan.evaluation.falsePositiveRates,
    pairWeights: plan.evaluation.pairWeights,
    seed: splitSeedOf(plan.split, task.seed),
    classes,
    ...images,
    pairs: pairsFile === null ? null : heldOutPairs(pairsFile, set.images, classes),
    pictureOf: (index) => ({ file: set.images[index]?.path ?? '', identity: set.images[index]?.identity ?? '' }),
  });
  if (task.setFiles.length === 0) return judged;
  const sets: SetVerification[] = [];
  const judge: SetJudge = {
    ...embedding,
    embedWithMirror: (pixels, pictures) => embedImages({ ...embedding, packed: pixels, flip: true }, pictures),
  };
  for (const file of task.setFiles) sets.push(await judgeVerificationSet(judge, readVerificationSet(file)));
  return { ...judged, evaluation: { ...judged.evaluation, sets } };
}

/** The trained class weights; null for a loss that has none. */
const classWeights = (arm: TrainedArm, machine: Machine): Float32Array | null =>
  trainsClassWeights(arm.loss) ? (machine.readState([classWeightName]).get(classWeightName) ?? null) : null;

type DoneMessage = Extract<TrainerMessage, { kind: 'done' }>;

function done(result: {
  readonly network: Network;
  readonly trained: TrainedRun;
  readonly judged: JudgedRun | null;
  readonly artefacts: DoneMessage['summary']['artefacts'];
}): DoneMessage {
  const { network, trained, judged, artefacts } = result;
  const { epoch, bestEpoch, seconds, images } = trained.position;
  const trainable = parameterSpecs(network).filter((spec) => spec.trainable);
  return {
    kind: 'done',
    summary: {
      epochs: epoch,
      bestEpoch,
      seconds,
      imagesPerSecond: images / seconds,
      parameters: trainable.reduce((sum, spec) => sum + elementCount(spec.shape), 0),
      artefacts,
      evaluation: judged?.evaluation ?? null,
    },
    predictions: judged?.predictions ?? null,
  };
}
