import type { BackboneName } from '../../../src-shared/modelSchema.ts';
import { backboneOf, parameterSpecs, type Network, type ParameterSpec } from '../network.ts';
import { isLite } from '../backbones/efficientnetLite.ts';
import { imagenetFiles } from './imagenetFiles.ts';
import { readWeightFile } from './readWeightFile.ts';
import { refuseFile, type StoredTensor } from './storedTensor.ts';
import { timmName } from './timmName.ts';
import { fromTorch, torchShape } from './torchLayout.ts';

/** What wrapping a model puts before its names: torch.compile, DataParallel, Lightning, and models with a backbone. */
const prefixes = ['_orig_mod.', 'module.', 'model.', 'backbone.'];
const classifier = /^(fc|classifier|_fc|head\.fc)\.(weight|bias)$/;
/** ImageNet-1k with and without a background class, and two cuts of ImageNet-21k. */
const imagenetClasses = [1000, 1001, 11221, 21841, 21843];
/**
 * The embedding layers and margin heads of insightface, AdaFace, facenet-pytorch, InsightFace_Pytorch, and ArcBench's
 * own saved models; torchvision's features.0.weight is none of them.
 */
const faceLayer = /^((features|embedding|logits|last_bn|bn)\.\w+|output_layer\..+|(head\.)?kernel)$/;

interface Fitted {
  readonly backbone: Network;
  readonly entries: readonly { readonly spec: ParameterSpec; readonly name: string; readonly tensor: StoredTensor }[];
}

/**
 * Matches the tensors of a weight file with the parameters of a backbone; they are not decoded yet, and the embedding
 * head is left out. Names are torchvision's, timm's or the backbone's own, with or without a wrapper's prefix; the
 * classifier is dropped. Throws 'wrong-input' with the first entry that is missing, not expected or of another shape,
 * and for files trained on faces where names or the number of classes show it.
 */
export function fitWeightFile(path: string, network: Network): Fitted {
  const refuse = refuseFile(path);
  const wanted = `${imagenetFiles[network.backbone]?.files ?? `a file of ${network.backbone}`} was expected`;
  const backbone = backboneOf(network);
  const specs = parameterSpecs(backbone);
  const { tensors, nameOf } = named(readWeightFile(path), specs[0]?.name ?? '', network.backbone);

  const face = [...tensors.keys()].find((name) => faceLayer.test(name));
  if (face !== undefined)
    throw refuse(
      `its entry ${face} belongs to a network trained on faces, which would have seen the people it is ` +
        `evaluated on: ${wanted}, or set model.weights to random`,
    );
  const last = [...tensors].find(([name]) => classifier.test(name) && name.endsWith('.weight'));
  if (last && !imagenetClasses.includes(last[1].shape[0] ?? 0))
    throw refuse(
      `its classifier ${last[0]} has ${last[1].shape[0]} classes where ImageNet has 1000, so it may be ` +
        `trained on faces, which is not allowed here: ${wanted}; if it never saw a face, save it without its ` +
        'classifier',
    );

  const places = new Set(specs.map((spec) => nameOf(spec.name)));
  const superfluous = [...tensors.keys()].find(
    (name) => !places.has(name) && !classifier.test(name) && !name.endsWith('.num_batches_tracked'),
  );
  const missing = specs.find((spec) => !tensors.has(nameOf(spec.name)));
  if (missing)
    throw refuse(
      `${nameOf(missing.name)} of ${network.backbone} is not in ` +
        `it${superfluous === undefined ? '' : ` (but ${superfluous} is)`}: ${wanted}`,
    );
  if (superfluous !== undefined)
    throw refuse(`it has ${superfluous}, for which ${network.backbone} has no place: ${wanted}`);

  const entries = specs.map((spec) => ({
    spec,
    name: nameOf(spec.name),
    tensor: tensors.get(nameOf(spec.name)) as StoredTensor,
  }));
  for (const { spec, name, tensor } of entries) {
    const shape = torchShape(backbone, spec);
    if (shape.join() !== tensor.shape.join())
      throw refuse(
        `${name} has the shape [${tensor.shape.join(', ')}], ${network.backbone} at ${network.inputSize} ` +
          `pixels has [${shape.join(', ')}]: ${wanted}`,
      );
  }
  return { backbone, entries };
}

/**
 * A backbone's parameters from a weight file, in our layout and for our input. Throws 'wrong-input' where the file does
 * not fit (fitWeightFile) or its numbers are not finite.
 */
export function pretrainedBackbone(path: string, network: Network): Map<string, Float32Array> {
  const { backbone, entries } = fitWeightFile(path, network);
  const parameters = new Map(
    entries.map(({ spec, name, tensor }) => {
      const values = tensor.values();
      if (!values.every(Number.isFinite))
        throw refuseFile(path)(`${name} holds numbers that are not finite; fetch the file again`);
      return [spec.name, fromTorch(backbone, spec, values)];
    }),
  );
  if (imagenetFiles[network.backbone]?.input === 'imagenetColours') takeOurInput(backbone, parameters);
  return parameters;
}

/** Tensors by their names without prefix, and how the file names our parameters. */
function named(
  stored: ReadonlyMap<string, StoredTensor>,
  first: string,
  backbone: BackboneName,
): { tensors: ReadonlyMap<string, StoredTensor>; nameOf: (name: string) => string } {
  const own = (name: string) => name;
  const ways = isLite(backbone) ? [own, (name: string) => timmName(backbone, name)] : [own];
  let tensors = stored;
  for (let depth = 0; depth < prefixes.length; depth++) {
    const nameOf = ways.find((way) => tensors.has(way(first)));
    if (nameOf) return { tensors, nameOf };
    const prefix = prefixes.find((candidate) => [...tensors.keys()].some((name) => name.startsWith(candidate)));
    if (prefix === undefined) break;
    tensors = new Map(
      [...tensors].map(([name, tensor]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor]),
    );
  }
  return { tensors, nameOf: ways.find((way) => tensors.has(way(first))) ?? ((name) => name) };
}

/**
 * Mean and standard deviation of ImageNet's red, green and blue in [0, 1], by which torchvision's and timm's ResNets
 * normalise.
 */
const imagenetColours = { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] } as const;

/**
 * Changes a stem trained on (x / 255 - mean) / standardDeviation so that it takes (x / 255 - 0.5) / 0.5: the scale goes
 * into its convolution, the shift into the running mean after it. Exact except at the border, where torch pads with
 * ImageNet's mean colour and this network with mid grey.
 */
function takeOurInput({ backbone, nodes }: Network, parameters: ReadonlyMap<string, Float32Array>): void {
  const convolution = nodes.find(({ op, inputs }) => op === 'conv2d' && inputs[0] === 'input')?.name;
  const normalisation = nodes.find(({ op, inputs }) => op === 'batchNorm' && inputs[0] === convolution)?.name;
  const weight = parameters.get(`${convolution}.weight`);
  const mean = parameters.get(`${normalisation}.running_mean`);
  if (!weight || !mean)
    throw new Error(
      `${backbone} does not begin with a convolution and a batch norm, which take ImageNet's colours in.`,
    );
  for (let index = 0; index < weight.length; index++) {
    const colour = Math.floor(index / mean.length) % 3; // [k, k, 3, filters]
    const centre = imagenetColours.mean[colour] as number;
    const spread = imagenetColours.standardDeviation[colour] as number;
    mean[index % mean.length] =
      (mean[index % mean.length] as number) - ((weight[index] as number) * (0.5 - centre)) / spread;
    weight[index] = ((weight[index] as number) * 0.5) / spread;
  }
}
