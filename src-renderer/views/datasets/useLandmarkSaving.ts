import { onScopeDispose } from 'vue';

/** Landmarks of one picture that are to be saved; null takes the correction back. */
export interface LandmarkChange {
  readonly index: number;
  readonly landmarks: readonly number[] | null;
}

const restMilliseconds = 350;

/**
 * Saves moved landmarks shortly after the last move, one change after the other. The latest change of a picture wins,
 * and what is not saved yet is saved when another picture is shown or the dialog is closed.
 */
export function useLandmarkSaving(save: (change: LandmarkChange) => Promise<void>) {
  const waiting = new Map<number, LandmarkChange>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> | null = null;

  async function saveAll(): Promise<void> {
    for (let next = firstOf(waiting); next !== undefined; next = firstOf(waiting)) {
      await save(next);
      if (waiting.get(next.index) === next) waiting.delete(next.index); // or it was moved again meanwhile
    }
  }
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    saving ??= saveAll().finally(() => {
      saving = null;
    });
    return saving;
  };
  onScopeDispose(() => void flush());
  return {
    /** Notes a change. It is saved once nothing has moved for a moment. */
    change: (next: LandmarkChange): void => {
      waiting.set(next.index, next);
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), restMilliseconds);
    },
    flush,
    /** Whether a picture has a change that is newer than what the workbench said last. */
    hasChange: (index: number): boolean => waiting.has(index),
  };
}
const firstOf = (changes: ReadonlyMap<number, LandmarkChange>): LandmarkChange | undefined => {
  const [first] = changes.values();
  return first;
};
