import type { RunEngine } from '../../../src-shared/runEngine.ts';
import type { Store } from '../../store/store.ts';

/**
 * Every engine that trained or judged a run, oldest first: a run that was stopped may have gone on elsewhere, or with
 * another number of threads.
 */
export function enginesOf(store: Store, id: string): readonly RunEngine[] {
  const all = store.result(id, 'engines') as readonly RunEngine[] | null;
  const last = store.result(id, 'engine') as RunEngine | null;
  return all ?? (last ? [last] : []);
}

/** Keeps the engine that trains a run from now on. */
export function keepEngine(store: Store, id: string, engine: RunEngine): void {
  const before = enginesOf(store, id);
  store.saveResult(id, 'engine', engine);
  if (!before.some((known) => JSON.stringify(known) === JSON.stringify(engine)))
    store.saveResult(id, 'engines', [...before, engine]);
}
