import { useDebounceFn, useEventListener } from '@vueuse/core';
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue';
import type { ExperimentDetails } from '../../../src-shared/answers/experimentAnswers.ts';
import type { ArcBenchError } from '../../../src-shared/errors.ts';
import { asFault } from '../../client/useCall.ts';
import { call, useEvent } from '../../client/workbench.ts';
import { useUndo, type Undoing } from '../../components/useUndo.ts';
import { useExperiments } from '../../stores/experiments.ts';

const pauseMilliseconds = 350;
/** Texts that could not be saved, kept until their experiment is opened again. */
const unsaved = new Map<string, string>();

export interface OpenExperiment {
  /** The edited text. It is saved automatically shortly after a change. */
  readonly text: Ref<string>;
  /** What the workbench reports about the saved text. */
  readonly kept: Readonly<ShallowRef<ExperimentDetails | null>>;
  readonly loadFault: Readonly<ShallowRef<ArcBenchError | null>>;
  readonly saveFault: Readonly<ShallowRef<ArcBenchError | null>>;
  readonly changed: ComputedRef<boolean>;
  readonly load: () => Promise<void>;
  /** Saves unsaved changes now. */
  readonly save: () => Promise<void>;
  readonly undoing: Undoing;
}

/** Opens an experiment for editing. Changes are saved automatically and on leaving. */
export function useExperiment(id: string): OpenExperiment {
  const experiments = useExperiments();
  const text = ref('');
  const kept = shallowRef<ExperimentDetails | null>(null);
  const loadFault = shallowRef<ArcBenchError | null>(null);
  const saveFault = shallowRef<ArcBenchError | null>(null);
  const changed = computed(() => kept.value !== null && text.value !== kept.value.yaml);
  const { replace, ...undoing } = useUndo(text);
  let saving: Promise<void> | null = null;

  const load = async (): Promise<void> => {
    try {
      const found = await call('experiments.show', { id });
      const edited = changed.value; // typed while it was loading: that text wins
      [kept.value, loadFault.value] = [found, null];
      if (!edited) replace(unsaved.get(id) ?? found.yaml);
    } catch (error) {
      loadFault.value = asFault(error);
    }
  };
  const saveOnce = async (): Promise<void> => {
    const yaml = text.value;
    try {
      kept.value = await call('experiments.save', { id, yaml });
      saveFault.value = null;
      unsaved.delete(id);
    } catch (error) {
      saveFault.value = asFault(error);
      unsaved.set(id, text.value);
    }
  };
  const save = async (): Promise<void> => {
    while (changed.value) {
      saving ??= saveOnce().finally(() => {
        saving = null;
      });
      await saving;
      if (saveFault.value !== null) return;
    }
  };
  const saveSoon = useDebounceFn(save, pauseMilliseconds);
  watch(text, () => {
    if (changed.value) void saveSoon();
  });
  // Another window may have changed it; the edits here win.
  watch(
    () => experiments.byId(id)?.updatedAt,
    (updatedAt) => {
      if (
        updatedAt !== undefined &&
        kept.value !== null &&
        updatedAt > kept.value.updatedAt &&
        !changed.value &&
        saving === null
      )
        void load();
    },
  );
  useEvent('experiments.changed', () => {
    if (kept.value?.estimate?.unmeasured && !changed.value) void load();
  }); // it is measured now
  useEventListener(window, 'beforeunload', (event: BeforeUnloadEvent) => {
    if (!changed.value) return;
    void save();
    event.preventDefault();
  });
  onScopeDispose(() => {
    if (changed.value) void save();
  });
  void load();

  return {
    text,
    kept,
    loadFault,
    saveFault,
    changed,
    load,
    save,
    undoing,
  };
}
