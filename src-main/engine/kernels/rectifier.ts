import { backend, type Tensor, tf } from '../tensorflow.ts';
import { withGradient, withGradients } from './customGradient.ts';
import { typeAttribute } from './opAttributes.ts';
import { fillsRegisters, hasOwnOps } from './ownOps.ts';

/** Rectifier with its native gradient; a `ceiling` of 6 makes it ReLU6. */
export function relu(input: Tensor, ceiling: 6 | null = null): Tensor {
  const name = ceiling === 6 ? 'Relu6' : 'Relu';
  return withGradient((x, save) => {
    const value = backend.executeSingleOutput(name, [typeAttribute('T')], [x]);
    save([value]);
    return {
      value,
      gradFunc: (dy, [y]) => backend.executeSingleOutput(`${name}Grad`, [typeAttribute('T')], [dy, y as Tensor]),
    };
  })(input);
}

/**
 * Parametric rectifier with one slope per channel: x above 0, slope x below (arXiv 1502.01852). Its gradients keep x
 * and compute the rest again, since as composed ops it would keep three tensors of x's size. `direct` asks for
 * TensorFlow's own ops.
 */
export function prelu(input: Tensor, slope: Tensor, { direct = false } = {}): Tensor {
  const isOwn = hasOwnOps && !direct && fillsRegisters(input.shape);
  return withGradients((x, weight, save) => {
    save([x, weight]);
    if (isOwn)
      return {
        value: backend.executeSingleOutput('Prelu', [], [x, weight]),
        gradFunc: (dy, saved) => backend.executeMultipleOutputs('PreluGrad', [], [dy, tf.zeros([0]), ...saved], 2),
      };
    return {
      value: tf.sub(relu(x), tf.mul(weight, relu(tf.neg(x)))),
      gradFunc: (dy, saved) => {
        const [original, slopes] = saved as [Tensor, Tensor];
        const axes = original.shape.map((_, axis) => axis).slice(0, -1);
        return [
          tf.where(tf.greater(original, 0), dy, tf.mul(dy, slopes)),
          tf.sum(tf.mul(dy, tf.minimum(original, 0)), axes),
        ];
      },
    };
  })(input, slope);
}

/** ReLU, ReLU6, or PReLU with its slopes [channels]. */
export type Rectifier = 'relu' | 'relu6' | Tensor;

/** The number of a rectifier in engine/native/batchNormPasses.h. */
export function rectifierCode(rectifier: Rectifier | undefined): number {
  if (rectifier === undefined) return 0;
  if (rectifier === 'relu') return 1;
  return rectifier === 'relu6' ? 2 : 3;
}

/** Applies a rectifier. */
export function rectify(input: Tensor, rectifier: Rectifier, options: { readonly direct?: boolean } = {}): Tensor {
  if (rectifier === 'relu') return relu(input);
  return rectifier === 'relu6' ? relu(input, 6) : prelu(input, rectifier, options);
}
