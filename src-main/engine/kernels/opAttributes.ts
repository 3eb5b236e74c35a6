import { binding, type OpAttribute, tf } from '../tensorflow.ts';

export const typeAttribute = (name: string, value: number = binding.TF_FLOAT): OpAttribute => ({
  name,
  type: binding.TF_ATTR_TYPE,
  value,
});
export const integerAttribute = (name: string, value: number): OpAttribute => ({
  name,
  type: binding.TF_ATTR_INT,
  value,
});
export const integersAttribute = (name: string, value: readonly number[]): OpAttribute => ({
  name,
  type: binding.TF_ATTR_INT,
  value,
});
export const textAttribute = (name: string, value: string): OpAttribute => ({
  name,
  type: binding.TF_ATTR_STRING,
  value,
});
export const floatAttribute = (name: string, value: number): OpAttribute => ({
  name,
  type: binding.TF_ATTR_FLOAT,
  value,
});
export const booleanAttribute = (name: string, value: boolean): OpAttribute => ({
  name,
  type: binding.TF_ATTR_BOOL,
  value,
});

export const shapeTensor = (shape: readonly number[]) => tf.tensor1d([...shape], 'int32');
