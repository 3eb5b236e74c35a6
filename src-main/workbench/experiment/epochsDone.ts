import type { Store } from '../../store/store.ts';

/** The curve that shows how far a run is: its point is the last one of an epoch. */
export const lastCurveOfEpoch = 'val/accuracy';

/** How many epochs a run has finished, by the points that the store holds. */
export const epochsDone = (store: Store, id: string): number => store.curve(id, lastCurveOfEpoch).at(-1)?.[1] ?? 0;
