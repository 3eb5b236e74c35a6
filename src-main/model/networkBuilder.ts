import type { BackboneName } from '../../src-shared/modelSchema.ts';
import type { Network, NetworkNode } from './network.ts';

type Options<Op extends NetworkNode['op']> = Partial<Omit<Extract<NetworkNode, { op: Op }>, 'op' | 'name' | 'inputs'>>;

export interface BackboneOptions {
  readonly inputSize: number;
  readonly embeddingSize: number;
  readonly dropout: number;
}

/** Collects nodes; each call returns the name of the node that it adds. */
export function networkBuilder(backbone: BackboneName, { inputSize, embeddingSize, dropout }: BackboneOptions) {
  const nodes: NetworkNode[] = [{ op: 'input', name: 'input', inputs: [], shape: [inputSize, inputSize, 3] }];
  const add = (node: NetworkNode): string => {
    nodes.push(node);
    return node.name;
  };
  const builder = {
    conv2d: (input: string, name: string, options: Options<'conv2d'> & { filters: number; kernel: number }) =>
      add({
        op: 'conv2d',
        name,
        inputs: [input],
        stride: 1,
        padding: 0,
        groups: 1,
        bias: false,
        initial: 'heFanOut',
        ...options,
      }),
    batchNorm: (input: string, name: string, options: Options<'batchNorm'> = {}) =>
      add({ op: 'batchNorm', name, inputs: [input], epsilon: 1e-5, momentum: 0.1, scale: true, ...options }),
    activation: (op: 'relu' | 'relu6' | 'prelu', input: string, name: string) => add({ op, name, inputs: [input] }),
    maxPool: (input: string, name: string, options: { kernel: number; stride: number; padding: number }) =>
      add({ op: 'maxPool', name, inputs: [input], ...options }),
    add: (first: string, second: string, name: string) => add({ op: 'add', name, inputs: [first, second] }),
    globalAveragePool: (input: string) => add({ op: 'globalAveragePool', name: 'pool', inputs: [input] }),
    flatten: (input: string) => add({ op: 'flatten', name: 'flatten', inputs: [input] }),
    /**
     * insightface's embedding head behind pooled features: dropout, fully connected, batch norm with its scale frozen
     * at 1.
     */
    finish(pooled: string, denseName = 'embedding'): Network {
      const dropped = dropout > 0 ? add({ op: 'dropout', name: 'dropout', inputs: [pooled], rate: dropout }) : pooled;
      const dense = add({ op: 'dense', name: denseName, inputs: [dropped], units: embeddingSize, bias: true });
      const output = add({
        op: 'batchNorm',
        name: 'features',
        inputs: [dense],
        epsilon: 1e-5,
        momentum: 0.1,
        scale: false,
      });
      return { backbone, inputSize, embeddingSize, nodes, pooled, output };
    },
  };
  return builder;
}

export type NetworkBuilder = ReturnType<typeof networkBuilder>;
