import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runFiles } from '../../../files/workspaceFolders.ts';
import { writeSynced } from '../../../files/writeWhole.ts';
import { buildNetwork } from '../../../model/buildNetwork.ts';
import { onnxModel } from '../../../model/onnx/onnxModel.ts';
import { readWeightFile } from '../../../model/weights/readWeightFile.ts';
import { carriedRates, type ExportedRun } from './exportedRun.ts';

/**
 * Writes the network of a run as model.onnx from the folder's weights.safetensors. Returns the file's name; none
 * where the folder has no weights, as in runs of the first versions.
 */
export async function writeOnnxFile(folder: string, exported: ExportedRun): Promise<readonly string[]> {
  const weightFile = join(folder, basename(runFiles(folder).weights));
  if (!existsSync(weightFile)) return [];
  const { run, plan } = exported;
  const weights = new Map([...readWeightFile(weightFile)].map(([name, tensor]) => [name, tensor.values()]));
  const pieces = onnxModel({
    network: buildNetwork(plan.model, plan.prepare.inputSize),
    weights,
    metadata: metadataOf(exported),
    description: `${run.experiment}: ${run.arm}, seed ${run.seed}. Trained with ArcBench.`,
  });
  await writeSynced(join(folder, 'model.onnx'), pieces);
  return ['model.onnx'];
}

/** What a program needs to use the model as it was judged. */
function metadataOf(exported: ExportedRun): Record<string, string> {
  const { run, plan, arm } = exported;
  return {
    'arcbench.plan': run.planHash,
    'arcbench.run': run.id,
    loss: JSON.stringify(arm.loss),
    seed: String(run.seed),
    color: 'RGB',
    input_mean: '127.5',
    input_std: '127.5',
    alignment: exported.alignment,
    embedding_size: String(plan.model.embeddingSize),
    flip: plan.evaluation.flip ? 'add the embedding of the mirrored image' : 'none',
    ...Object.fromEntries(
      carriedRates(exported).map(({ falsePositiveRate, threshold }) => [
        `threshold@${falsePositiveRate}`,
        String(threshold),
      ]),
    ),
    ...(plan.data.licence !== undefined && { licence: plan.data.licence }),
    ethics: 'For research. Not for surveillance, and not for decisions about people.',
  };
}
