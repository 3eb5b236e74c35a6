import { join } from 'node:path';
import { splitSeedOf } from '../../src-shared/experiment.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { heldOutPairs } from '../data/lfwPairs.ts';
import { npyBytes } from '../files/npyFile.ts';
import { diskError, syncFolders, writeWhole } from '../files/writeWhole.ts';
import { openPackedImages, openPreparedSet, type PreparedSet } from '../data/preparedSet.ts';
import { explainNoCuda } from '../engine/explainNoCuda.ts';
import { describeEngine } from '../engine/tensorflow.ts';
import { evaluateRun, type JudgedRun } from '../evaluate/evaluateRun.ts';
import { buildNetwork } from '../model/buildNetwork.ts';
import { initialParameters, parametersHash } from '../model/initialParameters.ts';
import { writeLayersModel } from '../model/layersModel.ts';
import { parameterSpecs } from '../model/network.ts';
import { pointStream } from '../train/pointStream.ts';
import { pretrainedBackbone } from '../model/weights/pretrainedBackbone.ts';
import { writeSafetensors } from '../model/weights/safetensors.ts';
import { writeTorchWeights } from '../model/weights/torchWeights.ts';
import { DivergedError } from '../train/divergedError.ts';
import { headShapes } from '../train/programs.ts';
import { memorySentence } from './trainerEnd.ts';
import type { TrainerMessage, TrainerTask, WorkbenchMessage } from './trainerMessages.ts';
import { trainRun, type LabelledImages } from '../train/trainRun.ts';

const tell = (message: TrainerMessage) => process.send?.(message);

/** Writes unit embeddings as .npy with a TSV of labels. */
async function writeEmbeddings(
  folder: string,
  set: PreparedSet,
  { size, values, rows }: JudgedRun['embeddings'],
): Promise<void> {
  await writeWhole(join(folder, 'embeddings.npy'), npyBytes(values, size));
  const clean = (text: string) => text.replace(/[\t\r\n]/g, ' ');
  const lines = rows.map(
    ({ index, part }) =>
      `${clean(set.images[index]?.identity ?? '')}\t${part}\t${clean(set.images[index]?.path ?? '')}`,
  );
  await writeWhole(join(folder, 'labels.tsv'), ['identity\tpart\tfile', ...lines, ''].join('\n'));
}

let stopRequested = false;
let stopAfterEpochRequested = false;
const points = pointStream((batch, sent) => tell({ kind: 'points', batch, points: sent }));

async function work(task: TrainerTask): Promise<void> {
  const { plan, parts, runFolder, seed } = task;
  const arm = plan.arms.find((entry) => entry.name === task.arm);
  if (!arm) throw new ArcBenchError('wrong-input', `The plan has no arm named ${task.arm}.`);
  const engine = describeEngine();
  if (task.engine === 'cuda' && engine.device !== 'cuda') throw new ArcBenchError('wrong-input', explainNoCuda());
  const set = openPreparedSet(task.preparedFolder);
  const packed = openPackedImages(set);
  try {
    const classOf = new Map(task.classes.map((identity, label) => [identity, label]));
    const people = new Map<string, number>();
    const labelled = (indexes: readonly number[], labelOf: (identity: string) => number): LabelledImages => ({
      indexes,
      labels: Int32Array.from(indexes, (index) => labelOf(set.images[index]?.identity ?? '')),
    });
    const classLabel = (identity: string) => classOf.get(identity) ?? 0;
    const personLabel = (identity: string) =>
      people.get(identity) ?? (people.set(identity, people.size), people.size - 1);
    const network = buildNetwork(plan.model, plan.prepare.inputSize);
    const backbone = new Map([
      ...initialParameters(network, seed),
      ...(task.weightFile === null ? [] : pretrainedBackbone(task.weightFile, network)),
    ]);
    tell({
      kind: 'started',
      initialWeightsHash: parametersHash(backbone),
      engine: { ...engine, steps: task.compiled ? 'compiled' : 'eager' },
    });
    const train = labelled(parts.train, classLabel);
    const val = labelled(parts.val, classLabel);
    const { machine, position, ended } = await trainRun({
      plan,
      planHash: task.planHash,
      arm,
      seed,
      network,
      backbone,
      classes: task.classes.length,
      packed,
      train,
      val,
      runFolder,
      resume: task.resume,
      untilEpoch: task.untilEpoch,
      compiled: task.compiled,
      points,
      shouldStop: () => stopRequested,
      shouldStopAfterEpoch: () => stopAfterEpochRequested,
      onSnapshot: (folder) => tell({ kind: 'snapshot', folder }),
      onEpoch: (summary) => tell({ kind: 'epoch', summary }),
      onProgress: (progress) => tell({ kind: 'progress', ...progress }),
      onNotice: (message) => tell({ kind: 'notice', message }),
      onWarning: (warning) => tell({ kind: 'warning', warning }),
    });
    points.flush();
    if (ended !== 'whole') {
      tell({ kind: ended });
      return;
    }
    const specs = parameterSpecs(network);
    const [savedModel, weights, head] = ['model', 'weights.safetensors', 'head.safetensors'].map((name) =>
      join(runFolder, name),
    ) as [string, string, string];
    const parameters = machine.readState(specs.map((spec) => spec.name));
    await writeLayersModel(savedModel, network, parameters);
    writeTorchWeights(weights, network, parameters);
    const shapes = headShapes({ network, loss: arm.loss, classes: task.classes.length });
    const headValues = machine.readState([...shapes.keys()]);
    writeSafetensors(
      head,
      new Map([...shapes].map(([name, shape]) => [name, { shape, values: headValues.get(name) as Float32Array }])),
      { format: 'pt', loss: JSON.stringify(arm.loss), classes: JSON.stringify(task.classes) },
    );
    const { flip, falsePositiveRates } = plan.evaluation;
    const judged = task.evaluate
      ? evaluateRun({
          machine,
          packed,
          batchSize: plan.training.batchSize,
          size: network.inputSize,
          embeddingSize: network.embeddingSize,
          flip,
          falsePositiveRates,
          loss: arm.loss,
          seed: splitSeedOf(plan.split, task.seed),
          classes: task.classes,
          train,
          val,
          test: labelled(parts.test, classLabel),
          query: labelled(parts.query, personLabel),
          distractors: labelled(parts.distractors, personLabel),
          pairs: task.pairsFile === null ? null : heldOutPairs(task.pairsFile, set.images, task.classes),
          pictureOf: (index) => ({ file: set.images[index]?.path ?? '', identity: set.images[index]?.identity ?? '' }),
        })
      : null;
    if (judged) await writeEmbeddings(runFolder, set, judged.embeddings);
    await syncFolders(runFolder); // the store will name all this
    tell({
      kind: 'done',
      summary: {
        epochs: position.epoch,
        bestEpoch: position.bestEpoch,
        seconds: position.seconds,
        imagesPerSecond: position.images / position.seconds,
        parameters: specs
          .filter((spec) => spec.trainable)
          .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0),
        artefacts: {
          savedModel,
          weights,
          head,
          ...(judged ? { embeddings: join(runFolder, 'embeddings.npy'), labels: join(runFolder, 'labels.tsv') } : {}),
        },
        evaluation: judged?.evaluation ?? null,
      },
      predictions: judged?.predictions ?? null,
    });
  } finally {
    packed.close();
  }
}

process.on('SIGINT', () => undefined); // the workbench hears Ctrl-C and asks for a stop
process.on('SIGTERM', () => {
  stopRequested = true;
}); // batch systems tell every process of a job
process.on('message', (message: WorkbenchMessage) => {
  switch (message.kind) {
    case 'stop':
      stopRequested = true;
      return;
    case 'stopAfterEpoch':
      stopAfterEpochRequested = true;
      return;
    case 'stored':
      points.confirm(message.batch);
      return;
    case 'task':
      break;
  }
  const { runFolder } = message.task;
  work(message.task)
    .catch((thrown: unknown) => {
      const error = diskError(thrown, runFolder);
      const known = error instanceof ArcBenchError;
      if (!known) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      const said = error instanceof Error ? error.message : String(error);
      tell({
        kind: 'failed',
        code: known ? error.code : 'failed',
        message: known ? said : (memorySentence(said) ?? `The trainer failed: ${said}`),
        ...(error instanceof DivergedError ? { told: error.told } : {}),
      });
    })
    .finally(() => process.disconnect?.());
});
process.on('disconnect', () => {
  stopRequested = true;
});
