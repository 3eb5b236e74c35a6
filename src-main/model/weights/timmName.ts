import { stagesOf, type LiteName } from '../backbones/efficientnetLite.ts';

/**
 * timm's name for a parameter of EfficientNet-Lite, whose own names are those of efficientnet-lite-pytorch: stages and
 * blocks are counted apart, batch norms from 1.
 */
export function timmName(backbone: LiteName, name: string): string {
  const stages = stagesOf(backbone);
  const block = /^_blocks\.(\d+)\.(\w+)\.(\w+)$/.exec(name);
  if (!block)
    return name
      .replace(/^_conv_/, 'conv_')
      .replace(/^_bn0\./, 'bn1.')
      .replace(/^_bn1\./, 'bn2.');
  const [, index, layer, parameter] = block as unknown as [string, string, string, string];
  let stage = 0;
  let repeat = Number(index);
  while (repeat >= (stages[stage]?.repeats ?? Infinity)) repeat -= stages[stage++]?.repeats ?? 0;
  const layers =
    stages[stage]?.expansion === 1
      ? { _depthwise_conv: 'conv_dw', _bn1: 'bn1', _project_conv: 'conv_pw', _bn2: 'bn2' }
      : {
          _expand_conv: 'conv_pw',
          _bn0: 'bn1',
          _depthwise_conv: 'conv_dw',
          _bn1: 'bn2',
          _project_conv: 'conv_pwl',
          _bn2: 'bn3',
        };
  return `blocks.${stage}.${repeat}.${(layers as Record<string, string>)[layer]}.${parameter}`;
}
