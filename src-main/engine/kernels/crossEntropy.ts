import { backend, binding, type Tensor, tf } from '../tensorflow.ts';
import { withGradient } from './customGradient.ts';
import { typeAttribute } from './opAttributes.ts';

/** Softmax cross-entropy of logits [batch, classes] with int32 labels [batch], in log-softmax form; [batch]. */
export function sparseSoftmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const attributes = [typeAttribute('T'), typeAttribute('Tlabels', binding.TF_INT32)];
  return withGradient((x, save) => {
    const [value, gradient] = backend.executeMultipleOutputs(
      'SparseSoftmaxCrossEntropyWithLogits',
      attributes,
      [x, labels],
      2,
    ) as [Tensor, Tensor];
    save([gradient]);
    return { value, gradFunc: (dy, [saved]) => tf.mul(tf.expandDims(dy, 1), saved as Tensor) };
  })(logits);
}
