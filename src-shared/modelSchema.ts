import { z } from 'zod';
import { noParent } from './ancestry.ts';

export const backboneNames = [
  'smallcnn',
  'resnet18',
  'resnet50',
  'iresnet18',
  'iresnet50',
  'mobilefacenet',
  'efficientnet-lite0',
  'efficientnet-lite1',
  'efficientnet-lite2',
] as const;
export type BackboneName = (typeof backboneNames)[number];

export const modelSchema = z.strictObject({
  backbone: z.enum(backboneNames).default('smallcnn').describe('the network that turns an image into an embedding'),
  weights: z
    .string()
    .default('random')
    .describe(
      "the initial weights: 'random'; 'imagenet' (resnet18, resnet50 and efficientnet-lite; downloaded once); or a " +
        ".safetensors or torch .pth file of ImageNet weights with torchvision's or timm's names, relative to the " +
        'experiment file. The embedding layer always starts at random. Weights trained on faces are refused',
    ),
  from: z
    .string()
    .min(1)
    .default(noParent)
    .describe(
      "the run that training starts from: 'none'; the id of a finished run of this workspace, or the beginning of " +
        'it; or the folder of an exported run, relative to the experiment file. Backbone, input size and embedding ' +
        'size must be the same. The class centres are taken too where their classes and shapes are the same',
    ),
  embeddingSize: z.int().min(2).max(4096).default(128).describe('how many numbers an embedding has'),
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe('share of the features that dropout sets to 0 before the embedding layer'),
  batchNormMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "weight of each batch in the running statistics of the backbone's batch norm, which val and test use. 0: " +
        "chosen for you, which is 0.1 when training starts from a weight file, and else the backbone's own (0.01 for " +
        'EfficientNet-Lite, 0.1 for the others). Slower statistics lag behind a short fine-tuning',
    ),
});
