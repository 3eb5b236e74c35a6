import { backend, binding, type Tensor } from '../engine/tensorflow.ts';

/**
 * The same values, through which no gradient flows: the op runs past the tape, so that ops without a gradient may
 * follow it.
 */
export const stopGradient = (tensor: Tensor): Tensor =>
  backend.executeSingleOutput(
    'StopGradient',
    [{ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }],
    [tensor],
  );
