import type { Store } from '../store/store.ts';
import { latestCheckpoint } from '../train/checkpoint.ts';
import { appendPoints, readPoints } from '../train/pointLog.ts';
import type { RunPoint } from '../train/pointStream.ts';

const keyOf = ({ name, step }: Pick<RunPoint, 'name' | 'step'>) => `${step} ${name}`;

/** Gives back to the store the points before a run's checkpoint that a damaged write-ahead log lost, and to the run's log those that it lacks; false where some are in neither. */
export function restorePoints(store: Store, { id, folder }: { readonly id: string; readonly folder: string }): boolean {
  const checkpoint = latestCheckpoint(folder, () => undefined); // the trainer tells of damaged ones
  if (checkpoint === null || checkpoint.position.points === null) return true;
  const { step: last, points: told } = checkpoint.position;
  const held = (['epochs', 'steps'] as const).flatMap((of) => store.points(id, of)).filter(({ step }) => step <= last);
  const heldKeys = new Set(held.map(keyOf));
  const logged = readPoints(folder).points.filter(({ step }) => step <= last);
  const lost = [...new Map([...logged, ...checkpoint.points].filter((point) => !heldKeys.has(keyOf(point))).map((point) => [keyOf(point), point])).values()];
  if (held.length + lost.length < told) return false;
  if (lost.length > 0) store.addPoints(lost.map((point) => ({ run: id, ...point })));
  const loggedKeys = new Set(logged.map(keyOf));
  appendPoints(folder, [...held.map(({ run: _, ...point }) => point), ...lost].filter((point) => !loggedKeys.has(keyOf(point))));
  return true;
}
