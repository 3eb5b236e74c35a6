import { tf, type Tensor } from '../engine/tensorflow.ts';

/** The value of a scalar function of named tensors, and its gradient by each of them. */
export function valueAndGradients(
  parameters: ReadonlyMap<string, Tensor>,
  compute: (parameters: ReadonlyMap<string, Tensor>) => Tensor,
): { value: Tensor; gradients: Map<string, Tensor> } {
  const names = [...parameters.keys()];
  const { value, grads } = tf.valueAndGrads(
    (...tensors: Tensor[]) =>
      compute(new Map(names.map((name, index) => [name, tensors[index] as Tensor]))) as ReturnType<typeof tf.scalar>,
  )([...parameters.values()]);
  return { value, gradients: new Map(names.map((name, index) => [name, grads[index] as Tensor])) };
}
