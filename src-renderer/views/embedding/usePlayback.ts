import { useIntervalFn, usePreferredReducedMotion } from '@vueuse/core';
import { computed, ref, watch, type Ref } from 'vue';
import type { EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';

const stepMilliseconds = 600;
const calmStepMilliseconds = 1400;

/** Plays the snapshots that a projection has of each epoch. New projections are shown at their last epoch. */
export function usePlayback(points: Ref<readonly EmbeddingPoints[]>) {
  const motion = usePreferredReducedMotion();
  const count = computed(() => Math.max(0, ...points.value.map(({ frames }) => frames.length)));
  const position = ref(0);
  const last = computed(() => Math.max(0, count.value - 1));
  watch(points, () => {
    position.value = last.value;
  });

  const {
    isActive: playing,
    pause,
    resume,
  } = useIntervalFn(
    () => {
      if (position.value >= last.value) pause();
      else position.value++;
    },
    () => (motion.value === 'reduce' ? calmStepMilliseconds : stepMilliseconds),
    { immediate: false },
  );
  function play(): void {
    if (position.value >= last.value) position.value = 0;
    resume();
  }
  watch(count, (now) => {
    if (now < 2) pause();
  });

  /** The position in the run at a place: a run with fewer snapshots stays at its last. */
  const positionOf = (at: number): number => Math.min(position.value, (points.value[at]?.frames.length ?? 1) - 1);
  return {
    count,
    position,
    positionOf,
    /** null where the projection shows the evaluated model. */
    epoch: computed(() => points.value[0]?.frames[positionOf(0)]?.snapshot ?? null),
    playing,
    toggle: (): void => {
      if (playing.value) pause();
      else play();
    },
  };
}
