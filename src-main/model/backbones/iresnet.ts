import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';

/**
 * The improved ResNets of insightface's arcface_torch (arXiv 1801.07698, section 3.2.2), names included: no pooling,
 * PReLU, batch norm first in each block.
 */
function iresnet(
  backbone: 'iresnet18' | 'iresnet50',
  blocksOfStage: readonly number[],
  options: BackboneOptions,
): Network {
  const net = networkBuilder(backbone, options);
  const convolve = (
    input: string,
    name: string,
    shape: { filters: number; kernel: number; stride?: number; padding?: number },
  ) => net.conv2d(input, name, { ...shape, initial: { standardDeviation: 0.1 } });
  let x = convolve('input', 'conv1', { filters: 64, kernel: 3, padding: 1 });
  x = net.activation('prelu', net.batchNorm(x, 'bn1'), 'prelu');
  blocksOfStage.forEach((blocks, stage) => {
    const filters = 64 * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const name = `layer${stage + 1}.${block}`;
      const stride = block === 0 ? 2 : 1;
      let y = convolve(net.batchNorm(x, `${name}.bn1`), `${name}.conv1`, { filters, kernel: 3, padding: 1 });
      y = net.activation('prelu', net.batchNorm(y, `${name}.bn2`), `${name}.prelu`);
      y = net.batchNorm(convolve(y, `${name}.conv2`, { filters, kernel: 3, stride, padding: 1 }), `${name}.bn3`);
      const shortcut =
        block > 0
          ? x
          : net.batchNorm(convolve(x, `${name}.downsample.0`, { filters, kernel: 1, stride }), `${name}.downsample.1`);
      x = net.add(y, shortcut, `${name}.add`);
    }
  });
  return net.finish(net.flatten(net.batchNorm(x, 'bn2')), 'fc');
}

/** IResNet-18 of insightface's arcface_torch. */
export const iresnet18 = (options: BackboneOptions): Network => iresnet('iresnet18', [2, 2, 2, 2], options);

/** IResNet-50 of insightface's arcface_torch. */
export const iresnet50 = (options: BackboneOptions): Network => iresnet('iresnet50', [3, 4, 14, 3], options);
