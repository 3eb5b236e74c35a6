import { z } from 'zod';

export const runPointSchema = z.strictObject({
  name: z.string(),
  step: z.int(),
  epoch: z.int(), // epoch counted from 1
  value: z.number(),
  at: z.int(), // milliseconds since 1970
});
/** A point of a run's curves. */
export type RunPoint = z.infer<typeof runPointSchema>;

/**
 * Gathers points and sends them a few times a second; what the receiver has not confirmed yet goes into checkpoints, so
 * that no death of either side loses any.
 */
export interface PointStream {
  /** Takes those that are finite, and says how many. */
  add(points: Readonly<Record<string, number>>, at: { readonly step: number; readonly epoch: number }): number;
  /** Takes over points that a checkpoint kept. */
  restore(points: readonly RunPoint[]): void;
  flush(): void;
  confirm(batch: number): void;
  unconfirmed(): RunPoint[];
  /** Points added since the last call that said they are kept. */
  unkept(): readonly RunPoint[];
  kept(): void;
}

const millisecondsBetween = 300;

export function pointStream(send: (batch: number, points: readonly RunPoint[]) => void): PointStream {
  const sent = new Map<number, readonly RunPoint[]>();
  let [waiting, unkept]: [RunPoint[], RunPoint[]] = [[], []];
  let batches = 0;
  let flushed = performance.now();
  const stream: PointStream = {
    add(points, { step, epoch }) {
      const finite = Object.entries(points)
        .filter(([, value]) => Number.isFinite(value))
        .map(([name, value]) => ({ name, step, epoch, value, at: Date.now() }));
      waiting.push(...finite);
      unkept.push(...finite);
      if (performance.now() - flushed >= millisecondsBetween) stream.flush();
      return finite.length;
    },
    restore: (points) => {
      waiting.push(...points);
    },
    flush() {
      flushed = performance.now();
      if (waiting.length === 0) return;
      sent.set(++batches, waiting);
      send(batches, waiting);
      waiting = [];
    },
    confirm: (batch) => {
      sent.delete(batch);
    },
    unconfirmed: () => [...sent.values(), waiting].flat(),
    unkept: () => unkept,
    kept: () => {
      unkept = [];
    },
  };
  return stream;
}
