import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import {
  noSteps,
  redoneStep,
  undoneStep,
  withStep,
  type StepHistory,
  type TakenStep,
} from '../../src-shared/stepHistory.ts';

const pauseMilliseconds = 350;
const mostSteps = 100;

/** A change that is kept elsewhere, such as one of a dataset, and how it is taken back and done again. */
export interface OtherChange {
  readonly undo: () => void;
  readonly redo: () => void;
}
/** The text of a value, or a change that is kept elsewhere. */
type UndoStep = string | OtherChange;

/** Undo and redo, as buttons and keys offer them. */
export interface Undoing {
  readonly canUndo: ComputedRef<boolean>;
  readonly canRedo: ComputedRef<boolean>;
  readonly undo: () => void;
  readonly redo: () => void;
}

/** Undo and redo that take steps of other changes too. */
export interface UndoingWithOthers extends Undoing {
  /** Adds a step for a change that is kept elsewhere. */
  readonly add: (change: OtherChange) => void;
}

/** The dotted places in which two values of plain data differ. */
function changedPlaces(before: unknown, now: unknown, place = ''): string[] {
  const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isSection(before) || !isSection(now)) return Object.is(before, now) ? [] : [place];
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].flatMap((key) => changedPlaces(before[key], now[key], `${place}.${key}`));
}

/**
 * Undo and redo for a value of plain data. What changes one place without a pause, such as a slider, is one step. A
 * change after an undo drops what could be done again. The steps are lost with the component.
 */
export function useUndo<Value>(value: Ref<Value>): UndoingWithOthers & {
  /** Sets the value without a step, such as when it is loaded. */
  readonly replace: (next: Value) => void;
} {
  const history = shallowRef<StepHistory<UndoStep>>(noSteps);
  let changedAt = 0;
  let changed = ''; // the places of the last step
  let isReplacing = false;
  const text = computed(() => JSON.stringify(value.value));
  watch(
    text,
    (now, before) => {
      if (isReplacing) return;
      const places = changedPlaces(JSON.parse(before), JSON.parse(now)).join();
      const continues = places === changed && Date.now() - changedAt <= pauseMilliseconds;
      if (!continues) history.value = withStep(history.value, before, mostSteps);
      [changedAt, changed] = [Date.now(), places];
    },
    { flush: 'sync' },
  );
  const replace = (next: Value): void => {
    isReplacing = true;
    value.value = next;
    isReplacing = false;
  };
  const take = (taken: TakenStep<UndoStep> | null, run: 'undo' | 'redo'): void => {
    if (taken === null) return;
    history.value = taken.history;
    changedAt = 0;
    if (typeof taken.step === 'string') replace(JSON.parse(taken.step) as Value);
    else taken.step[run]();
  };
  const opposite = (step: UndoStep): UndoStep => (typeof step === 'string' ? text.value : step);
  return {
    canUndo: computed(() => history.value.undo.length > 0),
    canRedo: computed(() => history.value.redo.length > 0),
    undo: () => take(undoneStep(history.value, opposite), 'undo'),
    redo: () => take(redoneStep(history.value, opposite), 'redo'),
    replace,
    add: (change) => {
      changedAt = 0;
      history.value = withStep(history.value, change, mostSteps);
    },
  };
}
