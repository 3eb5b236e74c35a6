import { z } from 'zod';

export const runPointSchema = z.strictObject({
  name: z.string(), step: z.int(), epoch: z.int(), // epoch counted from 1
  value: z.number(), at: z.int(), // milliseconds since 1970
});
/** A point of a run's curves. */
export type RunPoint = z.infer<typeof runPointSchema>;

/** Gathers points and sends them a few times a second; what the receiver has not confirmed yet goes into checkpoints, so that no death of either side loses any. */
export interface PointStream {
  add(points: Readonly<Record<string, number>>, at: { readonly step: number; readonly epoch: number }): void;
  /** Takes over points that a checkpoint kept. */
  restore(points: readonly RunPoint[]): void;
  flush(): void;
  confirm(batch: number): void;
  unconfirmed(): RunPoint[];
}

const millisecondsBetween = 300;

export function pointStream(send: (batch: number, points: readonly RunPoint[]) => void): PointStream {
  const sent = new Map<number, readonly RunPoint[]>();
  let waiting: RunPoint[] = [];
  let [batches, flushed] = [0, performance.now()];
  const stream: PointStream = {
    add(points, { step, epoch }) {
      for (const [name, value] of Object.entries(points)) if (Number.isFinite(value)) waiting.push({ name, step, epoch, value, at: Date.now() });
      if (performance.now() - flushed >= millisecondsBetween) stream.flush();
    },
    restore: (points) => { waiting.push(...points); },
    flush() {
      flushed = performance.now();
      if (waiting.length === 0) return;
      sent.set(++batches, waiting);
      send(batches, waiting);
      waiting = [];
    },
    confirm: (batch) => { sent.delete(batch); },
    unconfirmed: () => [...sent.values(), waiting].flat(),
  };
  return stream;
}
