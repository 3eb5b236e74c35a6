import { backend, type Tensor } from '../tensorflow.ts';
import { addBorder } from './convolution.ts';
import { withGradient } from './customGradient.ts';
import { integersAttribute, textAttribute, typeAttribute } from './opAttributes.ts';

export interface Pooling {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Max pooling over zero-padded input. Exact only after a rectifier, since the zeros take part. */
export function maxPool(input: Tensor, { kernel, stride, padding }: Pooling): Tensor {
  const padded = addBorder(input, padding);
  const attributes = [
    typeAttribute('T'),
    integersAttribute('ksize', [1, kernel, kernel, 1]),
    integersAttribute('strides', [1, stride, stride, 1]),
    textAttribute('padding', 'VALID'),
    textAttribute('data_format', 'NHWC'),
  ];
  return withGradient((x, save) => {
    const value = backend.executeSingleOutput('MaxPool', attributes, [x]);
    save([x, value]);
    return {
      value,
      gradFunc: (dy, [original, y]) =>
        backend.executeSingleOutput('MaxPoolGrad', attributes, [original as Tensor, y as Tensor, dy]),
    };
  })(padded);
}
