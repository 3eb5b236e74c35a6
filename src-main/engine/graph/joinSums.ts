import type { RecordedOp, Recording } from './recording.ts';

/** Ops that add up the gradient that they take, in inputs 0 and 1, themselves. */
const adding = new Set(['ResidualBatchNormGrad', 'PooledBatchNormGrad']);

/**
 * The ops of a recording, with each sum of two gradients that only one of `adding` reads left to it: the sum is then
 * neither written nor read. `kept` are tensors that are read elsewhere.
 */
export function joinSums({ ops }: Recording, kept: ReadonlySet<number>): RecordedOp[] {
  const readers = new Map<number, number>();
  for (const id of ops.flatMap((op) => op.inputs)) readers.set(id, (readers.get(id) ?? 0) + 1);
  const maker = new Map(ops.flatMap((op) => op.outputs.map((output) => [output.id, op] as const)));
  const shapeOf = (id: number | undefined) =>
    maker
      .get(id ?? -1)
      ?.outputs.find((output) => output.id === id)
      ?.shape.join();
  const joined = new Set<RecordedOp>();
  const all = ops.map((op) => {
    const [gradient = -1, , ...others] = op.inputs;
    const sum = maker.get(gradient);
    if (
      !adding.has(op.name) ||
      !sum ||
      !['Add', 'AddV2'].includes(sum.name) ||
      readers.get(gradient) !== 1 ||
      kept.has(gradient)
    )
      return op;
    if (sum.inputs.some((id) => shapeOf(id) !== shapeOf(gradient))) return op; // one of them is repeated
    joined.add(sum);
    return { ...op, inputs: [...sum.inputs, ...others] };
  });
  return all.filter((op) => !joined.has(op));
}
