import type { Store } from '../../store/store.ts';
import { latestCheckpoint, type Checkpoint } from '../../train/checkpoint.ts';
import { appendPoints, readPoints } from '../../train/pointLog.ts';
import type { RunPoint } from '../../train/pointStream.ts';

const keyOf = ({ name, step }: Pick<RunPoint, 'name' | 'step'>) => `${step} ${name}`;

/** The two copies of a run's points before a checkpoint that counts them, the store's and the log's. */
export interface PointCopies {
  readonly held: readonly RunPoint[];
  /** In the log or the checkpoint, and not in the store. */
  readonly lost: readonly RunPoint[];
  /** Of these and those held, the ones that are not in the log. */
  readonly unlogged: readonly RunPoint[];
  /** How many are nowhere. */
  readonly missing: number;
  /** Lines of the log. */
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
  const { step: last, points: told } = checkpoint.position;
  if (told === null) return null;
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
    missing: Math.max(0, told - held.length - lost.length),
    damaged,
  };
}

/**
 * Gives back to the store the points before a run's checkpoint that a damaged write-ahead log lost, and to the run's
 * log those that it lacks; false where some are in neither.
 */
export function restorePoints(store: Store, { id, folder }: { readonly id: string; readonly folder: string }): boolean {
  const checkpoint = latestCheckpoint(folder, () => undefined); // the trainer tells of damaged ones
  const copies = checkpoint && comparePoints(store, { id, folder, checkpoint });
  if (copies === null) return true;
  if (copies.missing > 0) return false;
  if (copies.lost.length > 0) store.addPoints(copies.lost.map((point) => ({ run: id, ...point })));
  appendPoints(folder, copies.unlogged);
  return true;
}
