import type { BackboneName } from '../../src-shared/modelSchema.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { efficientnetLite } from './backbones/efficientnetLite.ts';
import { iresnet18, iresnet50 } from './backbones/iresnet.ts';
import { mobilefacenet } from './backbones/mobilefacenet.ts';
import { resnet18 } from './backbones/resnet18.ts';
import { resnet50 } from './backbones/resnet50.ts';
import { smallcnn } from './backbones/smallcnn.ts';
import { batchNormMomentum } from '../../src-shared/batchNormMomentum.ts';
import { backboneOf, type Network } from './network.ts';
import type { BackboneOptions } from './networkBuilder.ts';

const backbones = {
  smallcnn,
  resnet18,
  resnet50,
  iresnet18,
  iresnet50,
  mobilefacenet,
  'efficientnet-lite0': efficientnetLite('efficientnet-lite0'),
  'efficientnet-lite1': efficientnetLite('efficientnet-lite1'),
  'efficientnet-lite2': efficientnetLite('efficientnet-lite2'),
} satisfies Record<BackboneName, (options: BackboneOptions) => Network>;

/** The network of a planned model for square inputs of `inputSize` pixels. */
export function buildNetwork(model: Plan['model'], inputSize: number): Network {
  const { embeddingSize, dropout } = model;
  const network = backbones[model.backbone]({ inputSize, embeddingSize, dropout });
  const momentum = batchNormMomentum(model);
  const backbone = new Set(backboneOf(network).nodes);
  const nodes = network.nodes.map((node) =>
    node.op === 'batchNorm' && backbone.has(node) ? { ...node, momentum } : node,
  );
  return { ...network, nodes };
}
