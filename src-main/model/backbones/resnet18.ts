import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';
import { resnetStem } from './resnetStem.ts';

/** ResNet-18 as torchvision builds it (arXiv 1512.03385), names included, with insightface's embedding head. */
export function resnet18(options: BackboneOptions): Network {
  const net = networkBuilder('resnet18', options);
  let x = resnetStem(net);
  let channels = 64;
  [64, 128, 256, 512].forEach((filters, stage) => {
    for (let block = 0; block < 2; block++) {
      const name = `layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      let y = net.conv2d(x, `${name}.conv1`, { filters, kernel: 3, stride, padding: 1 });
      y = net.activation('relu', net.batchNorm(y, `${name}.bn1`), `${name}.relu1`);
      y = net.batchNorm(net.conv2d(y, `${name}.conv2`, { filters, kernel: 3, padding: 1 }), `${name}.bn2`);
      const shortcut =
        stride === 1 && channels === filters
          ? x
          : net.batchNorm(
              net.conv2d(x, `${name}.downsample.0`, { filters, kernel: 1, stride }),
              `${name}.downsample.1`,
            );
      x = net.activation('relu', net.add(y, shortcut, `${name}.add`), `${name}.relu2`);
      channels = filters;
    }
  });
  return net.finish(net.globalAveragePool(x));
}
