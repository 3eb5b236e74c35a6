import { type Tensor, tf } from '../tensorflow.ts';

type GradientFunction = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];
type Save = (saved: Tensor[]) => void;
interface Differentiable {
  value: Tensor;
  gradFunc: GradientFunction;
}
// tf.customGrad for one to three inputs, and for any: its own type loses their number.
export const withGradient = tf.customGrad as unknown as (
  f: (x: Tensor, save: Save) => Differentiable,
) => (x: Tensor) => Tensor;
export const withGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor) => Tensor;
export const withThreeGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, z: Tensor, save: Save) => Differentiable,
) => (x: Tensor, y: Tensor, z: Tensor) => Tensor;
export const withGradientsOf = (
  inputs: readonly Tensor[],
  f: (inputs: readonly Tensor[], save: Save) => Differentiable,
): Tensor => {
  const compute = (...args: [...Tensor[], Save]) => f(args.slice(0, -1) as Tensor[], args.at(-1) as Save);
  return (tf.customGrad as unknown as (f: typeof compute) => (...tensors: readonly Tensor[]) => Tensor)(compute)(
    ...inputs,
  );
};
