import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';
import { resnetStem } from './resnetStem.ts';

/**
 * ResNet-50 as torchvision builds it (arXiv 1512.03385; "v1.5": the 3x3 convolution has the stride), names included,
 * with insightface's embedding head.
 */
export function resnet50(options: BackboneOptions): Network {
  const net = networkBuilder('resnet50', options);
  let x = resnetStem(net);
  (
    [
      [64, 3],
      [128, 4],
      [256, 6],
      [512, 3],
    ] as const
  ).forEach(([width, blocks], stage) => {
    const filters = 4 * width;
    for (let block = 0; block < blocks; block++) {
      const name = `layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      let y = net.conv2d(x, `${name}.conv1`, { filters: width, kernel: 1 });
      y = net.activation('relu', net.batchNorm(y, `${name}.bn1`), `${name}.relu1`);
      y = net.conv2d(y, `${name}.conv2`, { filters: width, kernel: 3, stride, padding: 1 });
      y = net.activation('relu', net.batchNorm(y, `${name}.bn2`), `${name}.relu2`);
      y = net.batchNorm(net.conv2d(y, `${name}.conv3`, { filters, kernel: 1 }), `${name}.bn3`);
      const shortcut =
        block > 0
          ? x
          : net.batchNorm(
              net.conv2d(x, `${name}.downsample.0`, { filters, kernel: 1, stride }),
              `${name}.downsample.1`,
            );
      x = net.activation('relu', net.add(y, shortcut, `${name}.add`), `${name}.relu3`);
    }
  });
  return net.finish(net.globalAveragePool(x));
}
