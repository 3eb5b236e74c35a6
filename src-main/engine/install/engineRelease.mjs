/** The official wheels of TensorFlow that the engine takes its library and headers from, pinned by SHA-256. */
export const release = {
  version: '2.21.0',
  package: 'tensorflow-cpu',
  python: '3.11',
  platform: 'manylinux_2_27_x86_64',
  file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  unpackedBytes: 2_000_000_000,
};

export const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
export const addon = 'tfjs_binding.node';
