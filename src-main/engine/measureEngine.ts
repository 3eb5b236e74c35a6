// A process of its own: what TensorFlow logs or dies of stays here.
import { ArcBenchError, type ErrorCode } from '../../src-shared/errors.ts';
import type { TensorFlow } from './tensorflow.ts';

/** What computes here; GFLOP/s of a 1024 x 1024 float32 matrix product. */
export interface EngineMeasurement {
  readonly device: 'cpu' | 'cuda';
  readonly tensorflow: string;
  readonly threads: number;
  readonly gigaflops: number;
}
export type MeasurementMessage = EngineMeasurement | { readonly code: ErrorCode; readonly message: string };

/** Of the fastest quarter of the products: what else runs here meanwhile makes the others slower, not the machine. */
function measureGigaflops(tf: typeof TensorFlow): number {
  const side = 1024;
  const times = 20;
  const matrix = tf.randomUniform([side, side], -1, 1, 'float32', 1);
  // A sum is read, not the product: the clock is for the multiplication. tidy would walk a returned array number by
  // number.
  const product = () =>
    tf.tidy(() => {
      tf.sum(tf.matMul(matrix, matrix)).dataSync();
    });
  product();
  const seconds = Array.from({ length: times }, () => {
    const started = performance.now();
    product();
    return (performance.now() - started) / 1000;
  })
    .sort((a, b) => a - b)
    .slice(0, times / 4);
  return (2 * side ** 3 * seconds.length) / seconds.reduce((sum, time) => sum + time, 0) / 1e9;
}

const tell = (message: MeasurementMessage) => process.send?.(message);
try {
  const { describeEngine, tf } = await import('./tensorflow.ts');
  tell({ ...describeEngine(), gigaflops: measureGigaflops(tf) });
} catch (error) {
  tell({
    code: error instanceof ArcBenchError ? error.code : 'failed',
    message: error instanceof Error ? error.message : String(error),
  });
}
process.disconnect();
