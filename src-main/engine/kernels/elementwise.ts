import { backend, type Tensor, tf } from '../tensorflow.ts';
import { withGradient } from './customGradient.ts';
import { typeAttribute } from './opAttributes.ts';

/** Half the sum of squares of all elements, a scalar, in one pass. */
export const halfSumOfSquares = (input: Tensor): Tensor =>
  backend.executeSingleOutput('L2Loss', [typeAttribute('T')], [input]);

/** An element-wise function with its derivative given in closed form. */
export function elementwise(input: Tensor, value: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor): Tensor {
  return withGradient((x, save) => {
    save([x]);
    return { value: value(x), gradFunc: (dy, [original]) => tf.mul(dy, derivative(original as Tensor)) };
  })(input);
}

/**
 * The same values, through which no gradient flows. The op bypasses the tape, so ops without a gradient may follow it.
 */
export const stopGradient = (tensor: Tensor): Tensor =>
  backend.executeSingleOutput('StopGradient', [typeAttribute('T')], [tensor]);
