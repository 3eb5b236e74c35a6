import { SetUpError } from './setUpError.mjs';

const from = '  NapiAutoRef *auto_ref = new NapiAutoRef();\n';
const shared =
  /  \/\/ Sharing V8 memory with the underlying TensorFlow tensor requires[^]*?byte_size, DeallocTensor, auto_ref\)\);\n/;
const copied = `  // TensorFlow gets memory of its own. It releases tensors, and with them references to V8, on
  // threads where V8 must not be touched. It also aborts on V8's alignment, and variables would change with the
  // caller's array.
  const size_t byte_size =
      dtype == TF_INT64 ? num_elements * width * 2 : num_elements * width;
  TF_AutoTensor tensor(TF_AllocateTensor(dtype, shape, shape_length, byte_size));
  memcpy(TF_TensorData(tensor.tensor), array_data, byte_size);
`;

/**
 * The addon's tfjs_backend.cc with tensors that copy their values instead of sharing V8's memory. Throws where the
 * source is not the one that is known.
 * @param {string} source
 */
export function patchBackend(source) {
  const patched = source
    .replace(shared, copied)
    .replace(
      '  if (TF_GetCode(tf_status.status) != TF_OK) {\n    delete auto_ref;\n',
      '  if (TF_GetCode(tf_status.status) != TF_OK) {\n',
    );
  if (
    patched === source ||
    patched.includes(from) ||
    patched.includes('delete auto_ref;\n    TFE_DeleteTensorHandle')
  ) {
    throw new SetUpError(
      1,
      "The addon's source in @tensorflow/tfjs-node-gpu is not the one that ArcBench knows how to build: run " +
        '`npm ci`, which brings the version of package-lock.json.',
    );
  }
  return `#include <cstring>\n${patched}`;
}
