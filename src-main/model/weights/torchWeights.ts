import { parameterSpecs, type Network } from '../network.ts';
import { writeSafetensors, type WrittenTensor } from './safetensors.ts';
import { torchShape, toTorch } from './torchLayout.ts';

/**
 * Writes a network's parameters as safetensors with torch's names, shapes and layout, so that load_state_dict takes
 * them as they are; whole or not at all. A batch norm whose scale is fixed at 1 gets a weight of 1, which torch
 * expects.
 */
export function writeTorchWeights(path: string, network: Network, parameters: ReadonlyMap<string, Float32Array>): void {
  const frozen = new Set(
    network.nodes.filter((node) => node.op === 'batchNorm' && !node.scale).map((node) => `${node.name}.bias`),
  );
  const tensors = new Map<string, WrittenTensor>();
  for (const spec of parameterSpecs(network)) {
    const values = parameters.get(spec.name);
    if (!values) throw new Error(`The saved weights lack ${spec.name}.`);
    if (frozen.has(spec.name))
      tensors.set(spec.name.replace(/bias$/, 'weight'), {
        shape: spec.shape,
        values: new Float32Array(values.length).fill(1),
      });
    tensors.set(spec.name, { shape: torchShape(network, spec), values: toTorch(network, spec, values) });
  }
  writeSafetensors(path, tensors, {
    format: 'pt',
    backbone: network.backbone,
    inputSize: String(network.inputSize),
    embeddingSize: String(network.embeddingSize),
    input: '(x / 255 - 0.5) / 0.5, RGB',
    pooled: network.pooled,
    output: network.output,
  });
}
