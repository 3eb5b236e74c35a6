import type { NetworkBuilder } from '../networkBuilder.ts';

/**
 * The stem of torchvision's ResNets: a 7x7 convolution and a 3x3 max pooling, both with stride 2; returns its last
 * node.
 */
export function resnetStem(net: NetworkBuilder): string {
  const x = net.conv2d('input', 'conv1', { filters: 64, kernel: 7, stride: 2, padding: 3 });
  return net.maxPool(net.activation('relu', net.batchNorm(x, 'bn1'), 'relu'), 'maxpool', {
    kernel: 3,
    stride: 2,
    padding: 1,
  });
}
