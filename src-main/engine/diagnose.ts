import { describeEngine, tf } from './tensorflow.ts';

/** Engine, versions and the speed of a 1024 x 1024 float32 matrix product in GFLOP/s. */
export function diagnose(): { device: string; tensorflow: string; node: string; gigaflops: number } {
  const [side, times] = [1024, 20];
  const matrix = tf.randomUniform([side, side], -1, 1, 'float32', 1);
  // A sum is read, not the product: the clock is for the multiplication. tidy would walk a returned array number by number.
  const product = () => tf.tidy(() => { tf.sum(tf.matMul(matrix, matrix)).dataSync(); });
  product();
  const started = performance.now();
  for (let index = 0; index < times; index++) product();
  const seconds = (performance.now() - started) / 1000;
  matrix.dispose();
  return { ...describeEngine(), node: process.version, gigaflops: (2 * side ** 3 * times) / seconds / 1e9 };
}
