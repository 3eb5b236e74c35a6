import type { RecordedOp, Recording } from './recording.ts';

/** Ops whose gradient is the sum of their inputs 0 and 1, which they add up themselves. */
const adding = new Set(['ResidualBatchNormGrad', 'PooledBatchNormGrad', 'PreluGrad']);

/**
 * The ops of a recording, with each sum of two gradients that is read only by one of the `adding` ops left to that op,
 * so that the sum is neither written nor read. `kept` are tensors that are read elsewhere.
 */
export function joinSums({ ops }: Recording, kept: ReadonlySet<number>): RecordedOp[] {
  const readers = new Map<number, number>();
  for (const id of ops.flatMap((op) => op.inputs)) readers.set(id, (readers.get(id) ?? 0) + 1);
  const makers = new Map(ops.flatMap((op) => op.outputs.map((output) => [output.id, op] as const)));
  const shapeOf = (id: number) =>
    makers
      .get(id)
      ?.outputs.find((output) => output.id === id)
      ?.shape.join();

  /** The sum that an op can take over; null where there is none. */
  const sumFor = (op: RecordedOp): RecordedOp | null => {
    const [gradient = -1] = op.inputs;
    const sum = makers.get(gradient);
    if (!adding.has(op.name) || !sum || !['Add', 'AddV2'].includes(sum.name)) return null;
    const isReadElsewhere = readers.get(gradient) !== 1 || kept.has(gradient);
    const isBroadcast = sum.inputs.some((id) => shapeOf(id) !== shapeOf(gradient));
    return isReadElsewhere || isBroadcast ? null : sum;
  };

  const joined = new Set<RecordedOp>();
  const all = ops.map((op) => {
    const sum = sumFor(op);
    if (!sum) return op;
    joined.add(sum);
    return { ...op, inputs: [...sum.inputs, ...op.inputs.slice(2)] };
  });
  return all.filter((op) => !joined.has(op));
}
