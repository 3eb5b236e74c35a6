import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue';
import type { CallInput, CallName, CallOutputs } from '../../src-shared/api.ts';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { call, onResync } from './workbench.ts';

export interface CallState<Name extends CallName> {
  /** The last answer. It stays while a newer one is fetched. */
  readonly data: Readonly<ShallowRef<CallOutputs[Name] | null>>;
  readonly fault: Readonly<ShallowRef<ArcBenchError | null>>;
  readonly pending: Readonly<ShallowRef<boolean>>;
  /** No answer and no fault yet: show a Skeleton. */
  readonly loading: ComputedRef<boolean>;
  readonly reload: () => Promise<void>;
}

/**
 * Keeps the answer of a call fresh: fetches it at once, when the input changes (compared as JSON) and after a lost
 * connection is restored. A null input fetches nothing and clears the data. Outdated answers are dropped.
 */
export function useCall<Name extends CallName>(name: Name, input: () => CallInput<Name> | null): CallState<Name> {
  const data: ShallowRef<CallOutputs[Name] | null> = shallowRef(null);
  const fault = shallowRef<ArcBenchError | null>(null);
  const pending = shallowRef(false);
  let latest = 0;
  const reload = async (): Promise<void> => {
    const asked = input();
    const turn = ++latest;
    if (asked === null) {
      [data.value, fault.value, pending.value] = [null, null, false];
      return;
    }
    pending.value = true;
    try {
      const answer = await call(name, asked);
      if (turn === latest) [data.value, fault.value] = [answer, null];
    } catch (error) {
      if (turn === latest) fault.value = asFault(error);
    } finally {
      if (turn === latest) pending.value = false;
    }
  };
  watch(
    () => JSON.stringify(input()),
    () => void reload(),
    { immediate: true },
  );
  onScopeDispose(onResync(() => void reload()));
  return {
    data,
    fault,
    pending,
    loading: computed(() => data.value === null && fault.value === null && pending.value),
    reload,
  };
}

/** Turns any error into one that can be shown. */
export function asFault(error: unknown): ArcBenchError {
  return error instanceof ArcBenchError
    ? error
    : new ArcBenchError('failed', error instanceof Error ? error.message : String(error), { cause: error });
}
