import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue';

const pauseMilliseconds = 350;
const mostSteps = 100;

/** The dotted places in which two values of plain data differ. */
function changedPlaces(before: unknown, now: unknown, place = ''): string[] {
  const isSection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isSection(before) || !isSection(now)) return Object.is(before, now) ? [] : [place];
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].flatMap((key) => changedPlaces(before[key], now[key], `${place}.${key}`));
}

/**
 * Undo for a value of plain data. What changes one place without a pause, such as a slider, is one step. The steps are
 * lost with the component.
 */
export function useUndo<Value>(value: Ref<Value>): {
  readonly canUndo: ComputedRef<boolean>;
  readonly undo: () => void;
} {
  const steps = shallowRef<readonly string[]>([]);
  let changedAt = 0;
  let changed = ''; // the places of the last step
  let restored: string | null = null; // what undo set is no step of its own
  const text = computed(() => JSON.stringify(value.value));
  watch(
    text,
    (now, before) => {
      const isUndo = now === restored;
      restored = null;
      if (isUndo) {
        changedAt = 0;
        return;
      }
      const places = changedPlaces(JSON.parse(before), JSON.parse(now)).join();
      const continues = places === changed && Date.now() - changedAt <= pauseMilliseconds;
      if (!continues) steps.value = [...steps.value.slice(1 - mostSteps), before];
      [changedAt, changed] = [Date.now(), places];
    },
    { flush: 'sync' },
  );
  return {
    canUndo: computed(() => steps.value.length > 0),
    undo: () => {
      const before = steps.value.at(-1);
      if (before === undefined) return;
      steps.value = steps.value.slice(0, -1);
      restored = before;
      value.value = JSON.parse(before) as Value;
    },
  };
}
