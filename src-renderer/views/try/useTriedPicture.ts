import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { TriedFace, TriedPicture } from '../../../src-shared/answers/trialAnswers.ts';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { newPictureId, sendPicture } from '../../client/sendPicture.ts';
import { asFault } from '../../client/useCall.ts';
import { call } from '../../client/workbench.ts';

const mostBytes = 64 * 2 ** 20; // as the workbench takes them

/** One picture of the view with its faces: it is sent, looked at by the runs, and looked at again when they change. */
export function useTriedPicture(runs: () => readonly string[]) {
  const file = shallowRef<Blob | null>(null);
  const address = ref<string | null>(null);
  const looked = shallowRef<TriedPicture | null>(null);
  const fault = shallowRef<ArcBenchError | null>(null);
  const busy = ref(false);
  const chosen = ref(0);
  const aligned = ref(false);
  let picture: string | null = null;
  let turn = 0;

  const forget = (): void => {
    turn += 1;
    if (address.value !== null) URL.revokeObjectURL(address.value);
    [file.value, address.value, looked.value, fault.value, picture] = [null, null, null, null, null];
    [busy.value, chosen.value] = [false, 0];
  };

  /** Looks at the picture; sends it first where the workbench has not got it. */
  const look = async (): Promise<void> => {
    const own = file.value;
    if (own === null || runs().length === 0) return;
    const mine = ++turn;
    busy.value = true;
    fault.value = null;
    try {
      const id = (picture ??= newPictureId());
      const ask = () => call('try.look', { picture: id, runs: [...runs()], aligned: aligned.value });
      if (looked.value === null) await sendPicture(id, own);
      const found = await ask().catch(async (error: unknown) => {
        if (looked.value === null) throw error;
        await sendPicture(id, own); // the workbench has forgotten it
        return await ask();
      });
      if (mine !== turn) return;
      looked.value = found;
      chosen.value = Math.min(chosen.value, found.faces.length - 1);
    } catch (error) {
      if (mine !== turn) return;
      looked.value = null;
      fault.value = asFault(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  };
  const take = async (given: Blob): Promise<void> => {
    forget();
    if (given.size > mostBytes) {
      fault.value = new ArcBenchError('wrong-input', 'The picture has more than 64 MiB: choose a smaller one.');
      return;
    }
    file.value = given;
    address.value = URL.createObjectURL(given);
    await look();
  };
  watch([() => runs().join(), aligned], () => void look());
  onScopeDispose(forget);

  return {
    address,
    looked,
    fault,
    busy,
    chosen,
    aligned,
    /** The chosen face. */
    face: computed((): TriedFace | null => looked.value?.faces[chosen.value] ?? null),
    choose: (place: number): void => {
      chosen.value = place;
    },
    setAligned: (isAligned: boolean): void => {
      aligned.value = isAligned;
    },
    take,
    look,
    forget,
    empty: computed(() => file.value === null),
  };
}
export type TriedSlot = ReturnType<typeof useTriedPicture>;
