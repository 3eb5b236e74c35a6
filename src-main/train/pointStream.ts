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
 * Collects points and sends them in batches a few times a second. Checkpoints keep what the receiver has not confirmed
 * yet, so no point is lost when either process dies.
 */
export interface PointStream {
  /** Adds the finite points and returns how many they are. */
  add(points: Readonly<Record<string, number>>, at: { readonly step: number; readonly epoch: number }): number;
  /** Sends points again that a checkpoint kept. */
  restore(points: readonly RunPoint[]): void;
  /** Sends what is waiting now. */
  flush(): void;
  /** The receiver has stored a batch. */
  confirm(batch: number): void;
  unconfirmed(): RunPoint[];
  /** Points added since the last call of `kept`. */
  unkept(): readonly RunPoint[];
  /** All points so far are in the log. */
  kept(): void;
}

const millisecondsBetween = 300;

/** A stream that hands batches of points to `send`; batches are counted from 1. */
export function pointStream(send: (batch: number, points: readonly RunPoint[]) => void): PointStream {
  const sent = new Map<number, readonly RunPoint[]>();
  let waiting: RunPoint[] = [];
  let unkept: RunPoint[] = [];
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
