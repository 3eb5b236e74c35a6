import { elementCount } from '../../../src-shared/maths/elementCount.ts';
import { networkShapes, type Network, type ParameterSpec } from '../network.ts';

/** How a parameter's axes lie in torch: its shape there in our axes' terms, and our axis behind each of torch's. */
interface TorchLayout {
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  readonly split: readonly number[];
}

function layoutOf(network: Network, spec: ParameterSpec): TorchLayout {
  const { shape } = spec;
  const node = network.nodes.find(
    (candidate) =>
      spec.name.startsWith(`${candidate.name}.`) && !spec.name.slice(candidate.name.length + 1).includes('.'),
  );
  if (shape.length === 4) {
    const axes = node?.op === 'conv2d' && node.groups === 'depthwise' ? [2, 3, 0, 1] : [3, 2, 0, 1];
    return { shape: axes.map((axis) => shape[axis] as number), axes, split: shape };
  }
  if (shape.length === 2) {
    const [inputs, units] = shape as [number, number];
    const flattened = flattenedShape(network, node?.inputs[0] ?? '');
    // torch flattens [channels, height, width], we [height, width, channels].
    return flattened
      ? { shape: [units, inputs], axes: [3, 2, 0, 1], split: [...flattened, units] }
      : { shape: [units, inputs], axes: [1, 0], split: shape };
  }
  return { shape, axes: [0], split: shape };
}

/** Shape of what a chain of dropout and flatten nodes flattens, or null where there is no flatten. */
function flattenedShape(network: Network, name: string): readonly number[] | null {
  const node = network.nodes.find((candidate) => candidate.name === name);
  if (node?.op === 'dropout') return flattenedShape(network, node.inputs[0] as string);
  return node?.op === 'flatten' ? (networkShapes(network).get(node.inputs[0] as string) ?? null) : null;
}

/** The transpose of row-major `values` of `shape`: its axis `axes[k]` becomes axis k. */
function transpose(values: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  if (axes.every((axis, position) => axis === position)) return values;
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const sizes = axes.map((axis) => shape[axis] as number);
  const steps = axes.map((axis) => strides[axis] as number);
  const result = new Float32Array(values.length);
  let position = 0;
  const walk = (axis: number, from: number): void => {
    const size = sizes[axis] as number;
    const step = steps[axis] as number;
    const last = axis === sizes.length - 1;
    for (let index = 0; index < size; index++) {
      if (last) result[position++] = values[from + index * step] as number;
      else walk(axis + 1, from + index * step);
    }
  };
  walk(0, 0);
  return result;
}

/** A parameter's shape in torch: convolution [out, in, k, k], depthwise [channels, 1, k, k], linear [out, in]. */
export const torchShape = (network: Network, spec: ParameterSpec): readonly number[] => layoutOf(network, spec).shape;

/** A parameter's values from torch's to our layout. */
export function fromTorch(network: Network, spec: ParameterSpec, values: Float32Array): Float32Array {
  const { split, axes } = layoutOf(network, spec);
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return transpose(
    values,
    axes.map((axis) => split[axis] as number),
    inverse,
  );
}

/** A parameter's values from our to torch's layout. */
export function toTorch(network: Network, spec: ParameterSpec, values: Float32Array): Float32Array {
  const { split, axes } = layoutOf(network, spec);
  return transpose(values, split, axes);
}
