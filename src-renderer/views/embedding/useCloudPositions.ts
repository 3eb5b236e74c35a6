import { computed, ref, watch, type Ref } from 'vue';
import { alignedSnapshots, showsSame } from './placeCloud.ts';
import { useProjections, type ProjectionRequest } from './useProjections.ts';

/**
 * The projections of the shown runs and where their points lie. Quick methods start by themselves, and what was
 * computed before is shown again; else t-SNE and UMAP wait for the button.
 */
export function useCloudPositions({
  ids,
  request,
  isReady,
  startsAlone,
}: {
  readonly ids: Ref<readonly string[]>;
  readonly request: Ref<ProjectionRequest>;
  /** Whether it is known what the runs have. */
  readonly isReady: () => boolean;
  readonly startsAlone: () => boolean;
}) {
  const { points, fault, compute, showKept, cancel, clear, busy, progress } = useProjections();

  const wanted = computed(() => JSON.stringify([ids.value, request.value]));
  const startedFor = ref('');
  const stale = computed(() => startedFor.value !== wanted.value);
  function start(): void {
    if (ids.value.length === 0) return;
    startedFor.value = wanted.value;
    void compute(ids.value, request.value);
  }
  function stop(): void {
    startedFor.value = '';
    void cancel();
  }
  /** For how many requests it is being looked whether they were computed before. */
  const lookedFor = ref(0);
  async function showEarlier(): Promise<void> {
    const asked = wanted.value;
    lookedFor.value++;
    try {
      if (await showKept(ids.value, request.value)) startedFor.value = asked;
    } finally {
      lookedFor.value--;
    }
  }
  const showsOtherRuns = (): boolean => points.value.some(({ run }, at) => run !== ids.value[at]);
  watch(
    () => [wanted.value, isReady()] as const,
    ([, ready], before) => {
      if (!ready || !stale.value) return;
      if (startsAlone()) return start();
      if (before !== undefined && showsOtherRuns()) clear();
      void showEarlier();
    },
    { immediate: true },
  );

  /** Whether both clouds show the same pictures. Then they are aligned and share selection and camera. */
  const linked = computed(() => {
    const [first, second] = points.value;
    return first !== undefined && second !== undefined && showsSame(first, second);
  });
  /** For each run, for each of its snapshots: [rows, 3]. */
  const positions = computed(() => {
    const [first, second] = points.value;
    if (!first) return [];
    const reference = alignedSnapshots(first, null);
    return second ? [reference, alignedSnapshots(second, linked.value ? reference : null)] : [reference];
  });
  return {
    points,
    positions,
    linked,
    fault,
    busy,
    /** Whether it is not known yet if the projections must be computed. */
    looking: computed(() => !isReady() || lookedFor.value > 0),
    progress,
    stale,
    start,
    stop,
  };
}
