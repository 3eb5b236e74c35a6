import { ArcBenchError } from '../../../src-shared/errors.ts';
import { backboneNames, type BackboneName } from '../../../src-shared/modelSchema.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import type { Network } from '../../model/network.ts';
import { fetchImagenetWeights, imagenetWeightsPath } from '../../model/weights/imagenetWeights.ts';
import { imagenetFiles, type ImagenetRelease } from '../../model/weights/imagenetFiles.ts';
import { fitWeightFile } from '../../model/weights/pretrainedBackbone.ts';
import { parentRun, refuseOtherNetwork } from './parentRun.ts';
import { parentBase, pathFrom, type PathBase, type StageOptions } from './stage.ts';

/** The weight file that a planned backbone starts from, or null where its weights are drawn from the seed. */
export function weightFileOf({ weights, backbone }: Plan['model'], base: PathBase): string | null {
  if (weights === 'random') return null;
  return weights === 'imagenet' ? imagenetWeightsPath(releaseOf(backbone)) : pathFrom(base, weights);
}

const withFiles = backboneNames.filter((name) => imagenetFiles[name] !== null);

/** Where the ImageNet weights of a backbone are fetched. Throws 'wrong-input' where nobody publishes any. */
function releaseOf(backbone: BackboneName): ImagenetRelease {
  const files = imagenetFiles[backbone];
  if (files === null)
    throw new ArcBenchError(
      'wrong-input',
      `model.weights is imagenet, but nobody publishes ImageNet weights of ${backbone} (files that ` +
        'can be found are trained on faces, which is not allowed here): set it to random, or take ' +
        `${withFiles.slice(0, -1).join(', ')} or ${withFiles.at(-1)}.`,
    );
  return files.release;
}

/**
 * Verifies, before any work is done, that the plan's weight file, or the run that it starts from, is there and fits
 * the network. Fetches ImageNet weights once. Throws ArcBenchError.
 */
export async function gatherWeights(options: StageOptions, network: Network): Promise<void> {
  const { plan, progress, signal } = options;
  if (plan.extends) return; // its runs go on from finished ones
  if (plan.model.weights === 'imagenet') {
    const release = releaseOf(network.backbone);
    progress.stage(`Looking for the ImageNet weights of ${network.backbone}`);
    await fetchImagenetWeights(release, {
      signal,
      onProgress: (done, total) =>
        progress.step({
          done: Math.round(done / 1e5) / 10,
          total: Math.round(total / 1e5) / 10,
          note: 'MB of ImageNet weights',
        }),
    });
  }
  const parent = parentRun(parentBase(options), plan.model.from);
  if (parent) refuseOtherNetwork(parent, network);
  const path = weightFileOf(plan.model, options);
  if (path !== null) fitWeightFile(path, network);
}
