import { ArcBenchError } from '../../../src-shared/errors.ts';
import { readLargeFile, sha256Of } from '../../files/largeFile.ts';
import { parameterSpecs, type Network } from '../network.ts';
import { readSafetensors } from './safetensors.ts';
import { refuseFile, type StoredTensor } from './storedTensor.ts';
import { fromTorch, torchShape } from './torchLayout.ts';

/** The weight files of a run that another run starts from. */
export interface ParentFiles {
  /** How messages name the run. */
  readonly title: string;
  readonly weights: string;
  readonly head: string;
  /** SHA-256 of the file of weights, in hexadecimal. */
  readonly sha256: string;
}

/** A network's parameters, the embedding layer's included, from the weights of another run. Throws 'wrong-input'. */
export function parentParameters({ title, weights, sha256 }: ParentFiles, network: Network): Map<string, Float32Array> {
  const bytes = readLargeFile(weights);
  if (sha256Of(bytes) !== sha256)
    throw new ArcBenchError(
      'wrong-input',
      `The weights of ${title} are not those that the plan names: they have changed since. Start the experiment ` +
        'again from its file, which takes them as they are now.',
    );
  return parametersIn(bytes, weights, network);
}

/** A network's parameters from a run's file of weights. Throws 'wrong-input' where it is not that of the network. */
export const savedParameters = (weights: string, network: Network): Map<string, Float32Array> =>
  parametersIn(readLargeFile(weights), weights, network);

function parametersIn(bytes: Uint8Array, path: string, network: Network): Map<string, Float32Array> {
  const refuse = refuseFile(path);
  const tensors = readSafetensors(bytes, refuse);
  return new Map(
    parameterSpecs(network).map((spec) => {
      const values = finite(tensors, spec.name, torchShape(network, spec));
      if (!values) throw refuse(`${spec.name} of ${network.backbone} is not in it with the same shape`);
      return [spec.name, fromTorch(network, spec, values)];
    }),
  );
}

/**
 * The class centres and the state of a loss from another run; null unless its head has the same classes in the same
 * order, and each tensor of `shapes` with the same name and shape.
 */
export function parentHead(
  { head }: ParentFiles,
  { shapes, sameClasses }: { readonly shapes: ReadonlyMap<string, readonly number[]>; readonly sameClasses: boolean },
): Map<string, Float32Array> | null {
  return sameClasses ? savedHead(head, shapes) : null;
}

/** The class centres and the state of a loss from the file of a run's head; null where it lacks one of `shapes`. */
export function savedHead(
  head: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, Float32Array> | null {
  const tensors = readSafetensors(readLargeFile(head), refuseFile(head));
  const found = [...shapes].map(([name, shape]) => [name, finite(tensors, name, shape)] as const);
  return found.every((entry): entry is readonly [string, Float32Array] => entry[1] !== null) ? new Map(found) : null;
}

/** The numbers of a tensor; null where it is missing, of another shape, or not finite. */
function finite(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): Float32Array | null {
  const tensor = tensors.get(name);
  if (tensor?.shape.join() !== shape.join()) return null;
  const values = tensor.values();
  return values.every(Number.isFinite) ? values : null;
}
