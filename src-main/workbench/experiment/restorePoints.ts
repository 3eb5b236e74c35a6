import type { Store } from '../../store/store.ts';
import { latestCheckpoint, type Checkpoint } from '../../train/checkpoint.ts';
import { appendPoints, readPoints } from '../../train/pointLog.ts';
import type { RunPoint } from '../../train/pointStream.ts';

const keyOf = ({ name, step }: Pick<RunPoint, 'name' | 'step'>) => `${step} ${name}`;

/** The two copies of a run's points before a checkpoint that counts them, the store's and the log's. */
export interface PointCopies {
  readonly held: readonly RunPoint[];
  /** Points in the log or the checkpoint that are not in the store. */
  readonly lost: readonly RunPoint[];
  /** Points of `held` and `lost` that are not in the log. */
  readonly unlogged: readonly RunPoint[];
  /** How many points are in neither copy. */
  readonly missing: number;
  /** How many lines of the log are damaged. */
  readonly damaged: number;
}

/** Compares the copies of a run's points; null where an older version wrote the checkpoint and counted none. */
export function comparePoints(
  store: Store,
  {
    id,
    folder,
    checkpoint,
  }: { readonly id: string; readonly folder: string; readonly checkpoint: Pick<Checkpoint, 'position' | 'points'> },
): PointCopies | null {
  const { step: last, points: total } = checkpoint.position;
  if (total === null) return null;
  const held = (['epochs', 'steps'] as const)
    .flatMap((of) => store.points(id, of))
    .filter(({ step }) => step <= last)
    .map(({ run: _, ...point }) => point);
  const { points, damaged } = readPoints(folder);
  const logged = points.filter(({ step }) => step <= last);
  const heldKeys = new Set(held.map(keyOf));
  const loggedKeys = new Set(logged.map(keyOf));
  const lost = [
    ...new Map(
      [...logged, ...checkpoint.points]
        .filter((point) => !heldKeys.has(keyOf(point)))
        .map((point) => [keyOf(point), point]),
    ).values(),
  ];
  return {
    held,
    lost,
    unlogged: [...held, ...lost].filter((point) => !loggedKeys.has(keyOf(point))),
    missing: Math.max(0, total - held.length - lost.length),
    damaged,
  };
}

/**
 * Adds to the store the points before a run's checkpoint that a damaged write-ahead log lost, and to the run's log
 * those that it lacks. Returns false where some points are in neither copy.
 */
export function restorePoints(store: Store, { id, folder }: { readonly id: string; readonly folder: string }): boolean {
  const checkpoint = latestCheckpoint(folder, () => undefined); // the trainer reports damaged ones
  const copies = checkpoint && comparePoints(store, { id, folder, checkpoint });
  if (copies === null) return true;
  if (copies.missing > 0) return false;
  if (copies.lost.length > 0) store.addPoints(copies.lost.map((point) => ({ run: id, ...point })));
  appendPoints(folder, copies.unlogged);
  return true;
}
