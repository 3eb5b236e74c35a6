import { ref, shallowRef, watch, type Ref } from 'vue';
import type { EmbeddingPoints } from '../../../src-shared/api.ts';

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

/** What is hovered, chosen and marked. Linked clouds share it; new projections forget it. */
export function useCloudSelection(points: Ref<readonly EmbeddingPoints[]>, linked: Ref<boolean>) {
  const hovered = shallowRef<CloudRow | null>(null);
  const chosen = shallowRef<CloudRow | null>(null);
  const marked = shallowRef<MarkedRows | null>(null);
  const lassoing = ref(false);
  const tab = ref<EmbeddingTab>('angles');

  function clear(): void {
    hovered.value = null;
    chosen.value = null;
    marked.value = null;
  }
  watch(points, clear);
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
