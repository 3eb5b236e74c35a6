import type { BackboneName } from '../../../src-shared/modelSchema.ts';
import { networkBuilder, type BackboneOptions } from '../networkBuilder.ts';
import type { Network } from '../network.ts';

interface Stage {
  readonly repeats: number;
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  readonly expansion: 1 | 6;
  readonly filters: number;
}
const baseStages: readonly Stage[] = [
  { repeats: 1, kernel: 3, stride: 1, expansion: 1, filters: 16 },
  { repeats: 2, kernel: 3, stride: 2, expansion: 6, filters: 24 },
  { repeats: 2, kernel: 5, stride: 2, expansion: 6, filters: 40 },
  { repeats: 3, kernel: 3, stride: 2, expansion: 6, filters: 80 },
  { repeats: 3, kernel: 5, stride: 1, expansion: 6, filters: 112 },
  { repeats: 4, kernel: 5, stride: 2, expansion: 6, filters: 192 },
  { repeats: 1, kernel: 3, stride: 1, expansion: 6, filters: 320 },
];

export type LiteName = Extract<BackboneName, `efficientnet-lite${string}`>;

/** How much wider and deeper than Lite0 a variant is. */
const multipliers: Readonly<Record<LiteName, { readonly width: number; readonly depth: number }>> = {
  'efficientnet-lite0': { width: 1, depth: 1 },
  'efficientnet-lite1': { width: 1, depth: 1.1 },
  'efficientnet-lite2': { width: 1.1, depth: 1.2 },
};

export const isLite = (backbone: BackboneName): backbone is LiteName => Object.hasOwn(multipliers, backbone);

/** The stages of a variant. Unlike EfficientNet, Lite scales neither stem nor head, nor the repeats at either end. */
export function stagesOf(backbone: LiteName): readonly Stage[] {
  const { width, depth } = multipliers[backbone];
  return baseStages.map((stage, index) => ({
    ...stage,
    filters: roundedFilters(stage.filters * width),
    repeats: index === 0 || index === baseStages.length - 1 ? stage.repeats : Math.ceil(stage.repeats * depth),
  }));
}

/** The nearest multiple of 8 that is not more than a tenth lower. */
function roundedFilters(filters: number): number {
  const rounded = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return rounded < 0.9 * filters ? rounded + 8 : rounded;
}

/**
 * EfficientNet-Lite (arXiv 1905.11946 without squeeze-excite, ReLU6), TensorFlow's padding, names of the PyPI package
 * efficientnet-lite-pytorch; no drop connect.
 */
export const efficientnetLite =
  (backbone: LiteName) =>
  (options: BackboneOptions): Network => {
    const net = networkBuilder(backbone, options);
    const convolve = (
      input: string,
      name: string,
      shape: { filters: number; kernel: number; stride?: number; groups?: 1 | 'depthwise' },
    ) => net.conv2d(input, name, { ...shape, padding: 'same' });
    const normalise = (input: string, name: string) => net.batchNorm(input, name, { epsilon: 1e-3, momentum: 0.01 });
    const activate = (input: string, name: string) => net.activation('relu6', normalise(input, name), `${name}.relu6`);
    let x = activate(convolve('input', '_conv_stem', { filters: 32, kernel: 3, stride: 2 }), '_bn0');
    let channels = 32;
    let index = 0;
    for (const { repeats, kernel, stride, expansion, filters } of stagesOf(backbone)) {
      for (let repeat = 0; repeat < repeats; repeat++) {
        const name = `_blocks.${index++}`;
        const expanded = channels * expansion;
        let y =
          expansion === 1
            ? x
            : activate(convolve(x, `${name}._expand_conv`, { filters: expanded, kernel: 1 }), `${name}._bn0`);
        y = activate(
          convolve(y, `${name}._depthwise_conv`, {
            filters: expanded,
            kernel,
            stride: repeat === 0 ? stride : 1,
            groups: 'depthwise',
          }),
          `${name}._bn1`,
        );
        y = normalise(convolve(y, `${name}._project_conv`, { filters, kernel: 1 }), `${name}._bn2`);
        x = repeat === 0 ? y : net.add(y, x, `${name}.add`);
        channels = filters;
      }
    }
    return net.finish(net.globalAveragePool(activate(convolve(x, '_conv_head', { filters: 1280, kernel: 1 }), '_bn1')));
  };
