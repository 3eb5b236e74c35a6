import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { networkShapes, type Network } from './network.ts';

/** The work of one picture on its way through a network. */
export interface NetworkWork {
  /** Of convolutions and dense layers, depthwise ones among them. */
  readonly multiplyAdds: number;
  /** Numbers that its nodes write. */
  readonly values: number;
}

/** Counts multiply-adds and values of a network's nodes from their shapes. */
export function networkWork(network: Network): NetworkWork {
  const shapes = networkShapes(network);
  let multiplyAdds = 0;
  let values = 0;
  for (const node of network.nodes) {
    const input = shapes.get(node.inputs[0] ?? '') ?? [];
    const output = shapes.get(node.name) ?? [];
    const channels = input.at(-1) ?? 1;
    values += elementCount(output);
    if (node.op === 'conv2d')
      multiplyAdds += elementCount(output) * node.kernel ** 2 * (node.groups === 'depthwise' ? 1 : channels);
    if (node.op === 'dense') multiplyAdds += channels * node.units;
  }
  return { multiplyAdds, values };
}
