import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';

/**
 * A small network for the demo and quick tries: five 3x3 convolutions with stride 2, flattened, so that places count.
 */
export function smallcnn(options: BackboneOptions): Network {
  const net = networkBuilder('smallcnn', options);
  let x = 'input';
  let side = options.inputSize;
  [32, 64, 96, 128, 192].forEach((filters, index) => {
    if (side < 4) return; // small inputs have fewer stages
    x = net.conv2d(x, `stage${index}.conv`, { filters, kernel: 3, stride: 2, padding: 1 });
    x = net.activation('relu', net.batchNorm(x, `stage${index}.bn`), `stage${index}.relu`);
    side = Math.ceil(side / 2);
  });
  return net.finish(net.flatten(x));
}
