import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';

/**
 * MobileFaceNet by table 1 of the paper (arXiv 1804.07573), with the names of InsightFace_Pytorch: its global depthwise
 * convolution weighs the places, whatever the input size.
 */
export function mobilefacenet(options: BackboneOptions): Network {
  const net = networkBuilder('mobilefacenet', options);
  let side = options.inputSize;
  const linear = (
    input: string,
    name: string,
    shape: { filters: number; kernel: number; stride?: number; padding?: number; groups?: 1 | 'depthwise' },
  ) => net.batchNorm(net.conv2d(input, `${name}.conv`, shape), `${name}.bn`);
  const block = (...[input, name, shape]: Parameters<typeof linear>) =>
    net.activation('prelu', linear(input, name, shape), `${name}.prelu`);
  const bottleneck = (
    input: string,
    name: string,
    { expanded, filters, stride }: { expanded: number; filters: number; stride: 1 | 2 },
  ) => {
    const wide = block(block(input, `${name}.conv`, { filters: expanded, kernel: 1 }), `${name}.conv_dw`, {
      filters: expanded,
      kernel: 3,
      stride,
      padding: 1,
      groups: 'depthwise',
    });
    return linear(wide, `${name}.project`, { filters, kernel: 1 });
  };
  const halve = (input: string, name: string, expanded: number, filters: number) => {
    side = Math.ceil(side / 2);
    return bottleneck(input, name, { expanded, filters, stride: 2 });
  };
  const residuals = (input: string, name: string, count: number, shape: { expanded: number; filters: number }) =>
    Array.from({ length: count }).reduce<string>(
      (x, _, index) =>
        net.add(x, bottleneck(x, `${name}.model.${index}`, { ...shape, stride: 1 }), `${name}.model.${index}.add`),
      input,
    );
  side = Math.ceil(side / 2);
  let x = block('input', 'conv1', { filters: 64, kernel: 3, stride: 2, padding: 1 });
  x = block(x, 'conv2_dw', { filters: 64, kernel: 3, padding: 1, groups: 'depthwise' });
  x = residuals(halve(x, 'conv_23', 128, 64), 'conv_3', 4, { expanded: 128, filters: 64 });
  x = residuals(halve(x, 'conv_34', 256, 128), 'conv_4', 6, { expanded: 256, filters: 128 });
  x = residuals(halve(x, 'conv_45', 512, 128), 'conv_5', 2, { expanded: 256, filters: 128 });
  x = block(x, 'conv_6_sep', { filters: 512, kernel: 1 });
  x = linear(x, 'conv_6_dw', { filters: 512, kernel: side, groups: 'depthwise' }); // [1, 1, 512]
  return net.finish(net.flatten(x));
}
