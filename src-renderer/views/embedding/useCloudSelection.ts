import { ref, shallowRef, watch, type Ref } from 'vue';
import type { EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';
import { sessionRef } from '../../components/sessionRef.ts';

/** A picture, by its row in the cloud at a place. */
export interface CloudRow {
  readonly cloud: number;
  readonly row: number;
}
/** Pictures that stand out: a person of the legend, or what a lasso holds (without a label). */
export interface MarkedRows {
  readonly cloud: number;
  readonly label: string | null;
  readonly rows: readonly number[];
}
export type EmbeddingTab = 'angles' | 'people' | 'selection';

/** Of what pictures clouds are, so that a selection can be kept for other projections of the same ones. */
const picturesOf = (points: readonly EmbeddingPoints[]): string =>
  JSON.stringify(points.map(({ run, rows }) => [run, rows.length, rows[0]?.file, rows.at(-1)?.file]));

/**
 * What is hovered, chosen and marked. Linked clouds share it. It stays while the same pictures are shown, by another
 * projection or after the user comes back to the view.
 */
export function useCloudSelection(points: Ref<readonly EmbeddingPoints[]>, linked: Ref<boolean>) {
  const hovered = shallowRef<CloudRow | null>(null);
  const chosen = sessionRef<CloudRow | null>('embedding.chosen', null);
  const marked = sessionRef<MarkedRows | null>('embedding.marked', null);
  const selectedOf = sessionRef('embedding.selectedOf', '');
  const lassoing = ref(false);
  const tab = sessionRef<EmbeddingTab>('embedding.tab', 'angles');

  function clear(): void {
    hovered.value = null;
    chosen.value = null;
    marked.value = null;
  }
  watch(
    points,
    (now) => {
      hovered.value = null;
      if (now.length === 0) return; // they are being computed
      if (picturesOf(now) !== selectedOf.value) clear();
      selectedOf.value = picturesOf(now);
    },
    { immediate: true },
  );
  return {
    hovered,
    chosen,
    marked,
    lassoing,
    tab,
    clear,
    /** Whether the cloud at a place shows what was selected in another. */
    isShared: (cloud: number, origin: number): boolean => linked.value || cloud === origin,
    hover: (cloud: number, row: number | null): void => {
      hovered.value = row === null ? null : { cloud, row };
    },
    choose: (cloud: number, row: number | null): void => {
      chosen.value = row === null ? null : { cloud, row };
    },
    /** Marks the pictures of a label, or unmarks them where they are marked already. */
    markLabel: (cloud: number, label: string, rows: readonly number[]): void => {
      marked.value = marked.value?.label === label ? null : { cloud, label, rows };
      chosen.value = null;
      lassoing.value = false;
    },
    /** Marks what a lasso holds and shows these pictures. */
    markLasso: (cloud: number, rows: readonly number[]): void => {
      marked.value = { cloud, label: null, rows };
      chosen.value = null;
      tab.value = 'selection';
      lassoing.value = false;
    },
  };
}
export type CloudSelection = ReturnType<typeof useCloudSelection>;
