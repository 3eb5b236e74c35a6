import { ArcBenchError } from '../../src-shared/errors.ts';
import type { BackboneName, Plan } from '../../src-shared/experiment.ts';
import { resnet18 } from './backbones/resnet18.ts';
import { smallcnn } from './backbones/smallcnn.ts';
import type { Network } from './network.ts';
import type { BackboneOptions } from './networkBuilder.ts';

const backbones: Partial<Readonly<Record<BackboneName, (options: BackboneOptions) => Network>>> = { smallcnn, resnet18 };

/** The network of a planned model for square inputs of `inputSize` pixels. Throws 'wrong-input' for a backbone that is not built yet. */
export function buildNetwork(model: Plan['model'], inputSize: number): Network {
  const build = backbones[model.backbone];
  if (!build) throw new ArcBenchError('wrong-input', `The backbone ${model.backbone} is not in this version: set model.backbone to one of ${Object.keys(backbones).join(', ')}.`);
  return build({ inputSize, embeddingSize: model.embeddingSize, dropout: model.dropout });
}
