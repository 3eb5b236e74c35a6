import { backend, binding, type Tensor, tf } from '../tensorflow.ts';
import { withGradient } from './customGradient.ts';
import { shapeTensor, typeAttribute } from './opAttributes.ts';

/**
 * Dropout (JMLR 15, 1929-1958): a share `rate` of the numbers becomes 0, the others are divided by 1 - rate. The draws
 * are made inside the graph and depend only on the seed, int32 [2]. The gradient draws them again and keeps nothing.
 */
export function dropout(input: Tensor, seed: Tensor, rate: number): Tensor {
  /** Random numbers below the rate drop theirs. */
  const drop = (tensor: Tensor): Tensor => {
    const noise = backend.executeSingleOutput(
      'StatelessRandomUniform',
      [typeAttribute('dtype'), typeAttribute('T', binding.TF_INT32), typeAttribute('Tseed', binding.TF_INT32)],
      [shapeTensor(tensor.shape), seed],
    );
    return tf.mul(tensor, tf.mul(tf.cast(tf.greaterEqual(noise, rate), 'float32'), 1 / (1 - rate)));
  };
  return withGradient((x) => ({ value: drop(x), gradFunc: drop }))(input);
}
