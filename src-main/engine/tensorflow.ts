import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { engineRemedy } from './engineRemedy.ts';
import { engineFault } from './install/engineManifest.mjs';
import { installedEngine } from './installedEngine.ts';

export type Tensor = TensorFlow.Tensor;
export type { TensorFlow };

/** One attribute of a native op, as the addon takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean | readonly number[];
}
export interface OutputMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}
export type ElementValues = Uint8Array | Float32Array | Int32Array | BigInt64Array;

/** The calls of the addon `tfjs_binding.node` that the engine makes. */
export interface Binding {
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): OutputMetadata[];
  createTensor(shape: readonly number[], dtype: number, values: ElementValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ElementValues;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): OutputMetadata[];
  isUsingGpuDevice(): boolean;
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_UINT8: number;
  readonly TF_BOOL: number;
  readonly TF_INT64: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

interface NodeBackend {
  binding: Binding;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
  createOutputTensor(metadata: OutputMetadata): Tensor;
}

function load(): typeof TensorFlow {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const require = createRequire(import.meta.url);
  // tfjs-node 4.22 calls two functions of node:util that Node 23 removed.
  const util = require('node:util') as { isNullOrUndefined?: unknown; isArray?: unknown };
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  const installed = installedEngine();
  // One operation at a time on all cores: two at once share their caches and wait for each other's threads (`npm run
  // bench:train` shows what it brings).
  if (installed?.manifest?.device !== 'cuda') process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
  // Else TensorFlow takes all memory of a card at once, also that of the next run and of the screen.
  else process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  // a library cut short would kill the process, not throw
  const fault = installed?.manifest ? engineFault(installed.folder) : null;
  if (fault)
    throw new ArcBenchError('damaged', `The engine in ${installed?.folder} is damaged (${fault}): ${engineRemedy()}.`);
  try {
    return require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;
  } catch (cause) {
    const [said = ''] =
      cause instanceof Error && !('code' in cause && cause.code === 'MODULE_NOT_FOUND')
        ? cause.message.split('\n')
        : [];
    if (/cannot allocate|failed to map/i.test(said))
      throw new ArcBenchError('failed', `The engine could not be loaded (${said}): free some memory and run again.`, {
        cause,
      });
    throw new ArcBenchError(
      'missing-tool',
      `The engine (libtensorflow and its addon) is not installed on this machine: ${engineRemedy()}.`,
      { cause },
    );
  }
}

export const tf = load();
tf.enableProdMode();
export const backend = tf.backend() as unknown as NodeBackend;
/** The addon's calls on an object that a recording may wrap; the addon's own properties are read-only. */
export const binding = Object.fromEntries(
  Object.getOwnPropertyNames(backend.binding).map((name) => [name, backend.binding[name as keyof Binding]]),
) as unknown as Binding;
backend.binding = binding;

/** What computes: the device, the version of TensorFlow, the threads that one operation may use, and the processor. */
export function describeEngine(): { device: 'cpu' | 'cuda'; tensorflow: string; threads: number; processor: string } {
  return {
    device: binding.isUsingGpuDevice() ? 'cuda' : 'cpu',
    tensorflow: binding.TF_Version,
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS']) || availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
  };
}
