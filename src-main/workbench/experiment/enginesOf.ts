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
  const isKnown = before.some((known) => JSON.stringify(known) === JSON.stringify(engine));
  store.atomically(() => {
    store.saveResult(id, 'engine', engine);
    // Written where it is known, too: the list may be what a damaged log has lost.
    store.saveResult(id, 'engines', isKnown ? before : [...before, engine]);
  });
}
