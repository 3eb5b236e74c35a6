import type { LossPlan } from '../../src-shared/losses.ts';
import { elementCount } from '../../src-shared/maths/elementCount.ts';
import { compileMachine, createEagerMachine } from '../../src-main/engine/graph/compileProgram.ts';
import type { Program, StateSpec } from '../../src-main/engine/graph/program.ts';
import { tf, type Tensor } from '../../src-main/engine/tensorflow.ts';
import { classificationLoss } from '../../src-main/loss/classificationLosses.ts';
import { lossNoiseInputs, lossNoiseOf } from '../../src-main/loss/lossNoise.ts';
import { valueAndGradients } from '../../src-main/train/valueAndGradients.ts';

export const engines = { eager: createEagerMachine, compiled: compileMachine } as const;
export type EngineName = keyof typeof engines;

export interface LossCase {
  readonly embeddings: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly classes: number;
  /**
   * Values of the head's parameters and of kept state; what is missing starts as the loss says, parameters from a fixed
   * formula.
   */
  readonly head?: Readonly<Record<string, readonly number[]>>;
  readonly noise?: Readonly<Record<string, readonly number[]>>;
  readonly training?: boolean;
}

export interface LossStep {
  readonly value: number;
  readonly embeddings: number[];
  /** Gradient by each head parameter. */
  readonly head: Readonly<Record<string, number[]>>;
  readonly scores: number[];
  /** Kept state after the step. */
  readonly state: ReadonlyMap<string, Float32Array>;
}

export interface OpenLoss {
  /** One step of the loss alone: its mean over the batch, the gradients and the state behind it. */
  step(embeddings: readonly number[] | Float32Array, labels: readonly number[], noise?: LossCase['noise']): LossStep;
  dispose(): void;
}

/** A loss over one batch size and its classes as a machine of its own, for several steps. */
export function openLoss(
  plan: LossPlan,
  input: Pick<LossCase, 'classes' | 'head' | 'training'> & { readonly batch: number; readonly embeddingSize: number },
  engine: EngineName = 'eager',
): OpenLoss {
  const loss = classificationLoss(plan);
  const { batch, embeddingSize } = input;
  const options = { plan, classes: input.classes, embeddingSize };
  const training = input.training ?? true;
  const head = loss.head(options);
  const state = new Map<string, StateSpec>();
  const start = (name: string, shape: readonly number[], initial: (index: number) => number) =>
    state.set(name, {
      shape,
      values: Float32Array.from(
        input.head?.[name] ?? Array.from({ length: elementCount(shape) }, (_, index) => initial(index)),
      ),
    });
  for (const { name, shape, standardDeviation } of head)
    start(name, shape, (index) => (standardDeviation === 0 ? 0 : Math.sin(index * 1.7 + 0.3)));
  const kept = loss.state?.(options) ?? [];
  for (const { name, shape, initialValue } of kept) start(name, shape, () => initialValue);
  const program: Program = {
    inputs: {
      embeddings: { shape: [batch, embeddingSize], dtype: 'float32' },
      labels: { shape: [batch], dtype: 'int32' },
      ...Object.fromEntries(lossNoiseInputs(plan, batch)),
    },
    run(inputs, current) {
      const parameters = new Map<string, Tensor>([
        ['embeddings', inputs['embeddings'] as Tensor],
        ...head.map(({ name }) => [name, current.get(name) as Tensor] as const),
      ]);
      const updates = new Map<string, Tensor>();
      let scores: Tensor | undefined;
      const { value, gradients } = valueAndGradients(parameters, (trained) => {
        const output = loss.compute({
          plan,
          embeddings: trained.get('embeddings') as Tensor,
          labels: inputs['labels'] as Tensor,
          parameters: new Map([...current, ...trained]),
          training,
          noise: lossNoiseOf(inputs),
        });
        scores = tf.keep(output.scores);
        for (const [name, tensor] of output.updates ?? []) updates.set(name, tf.keep(tensor));
        return tf.mean(output.loss);
      });
      return {
        outputs: {
          value,
          scores: scores as Tensor,
          ...Object.fromEntries([...gradients].map(([name, tensor]) => [`gradient/${name}`, tensor])),
        },
        updates,
      };
    },
  };
  const machine = engines[engine]({ step: program }, state);
  return {
    step(embeddings, labels, given) {
      const noise = Object.fromEntries(
        [...lossNoiseInputs(plan, batch)].map(([name, { shape }]) => {
          const own = given?.[name.slice('lossNoise/'.length)];
          return [
            name,
            Float32Array.from(own ?? Array.from({ length: elementCount(shape) }, (_, index) => Math.sin(index * 2.3))),
          ];
        }),
      );
      const output = machine.step('step', {
        embeddings: Float32Array.from(embeddings),
        labels: Int32Array.from(labels),
        ...noise,
      });
      const gradient = (name: string) => [...(output[`gradient/${name}`] as Float32Array)];
      return {
        value: output['value']?.[0] as number,
        embeddings: gradient('embeddings'),
        head: Object.fromEntries(head.map(({ name }) => [name, gradient(name)])),
        scores: [...(output['scores'] as Float32Array)],
        state: kept.length === 0 ? new Map() : machine.readState(kept.map(({ name }) => name)),
      };
    },
    dispose: machine.dispose,
  };
}

/** One training step of a loss alone. */
export function lossStep(plan: LossPlan, input: LossCase, engine: EngineName = 'eager'): LossStep {
  const opened = openLoss(
    plan,
    { ...input, batch: input.embeddings.length, embeddingSize: input.embeddings[0]?.length ?? 0 },
    engine,
  );
  try {
    return opened.step(input.embeddings.flat(), input.labels, input.noise);
  } finally {
    opened.dispose();
  }
}

/** Largest difference as a share of the largest expected magnitude. */
export function relativeError(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  const scale = Math.max(...expected.map(Math.abs), 1e-12);
  return Math.max(...actual.map((value, index) => Math.abs(value - (expected[index] as number)))) / scale;
}
