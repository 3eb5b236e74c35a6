import { refDebounced, useDebounceFn } from '@vueuse/core';
import { computed, shallowRef, type ComputedRef, type Ref } from 'vue';
import type { Curve } from '../../src-shared/answers/runAnswers.ts';
import { axisExtent, type CurveSettings } from './curveLines.ts';
import { withDetail, type AxisWindow } from './curveSeries.ts';
import { useCurveDetail } from './useCurves.ts';

/** What ECharts reports of a zoom, in percent of the axis. */
export interface ZoomEvent {
  readonly start?: number;
  readonly end?: number;
  readonly batch?: readonly ZoomEvent[];
}

const settleMilliseconds = 120;
const smoothingSettleMilliseconds = 200;

/** The visible part of a chart's axis, and its curves with the finer points of that part. */
export function useCurveZoom({
  curves,
  placesOf,
  settings,
  first = null,
}: {
  readonly curves: Ref<readonly Curve[]>;
  readonly placesOf: (curve: Curve) => readonly number[];
  readonly settings: () => CurveSettings;
  /** The part that is visible at first, in percent of the axis; null: all of it. */
  readonly first?: readonly [start: number, end: number] | null;
}): {
  /** The visible part, in percent of the axis. */
  readonly share: Readonly<Ref<readonly [start: number, end: number] | null>>;
  /** null where the whole axis is visible. */
  readonly visible: ComputedRef<AxisWindow | null>;
  readonly detailed: ComputedRef<readonly Curve[]>;
  readonly loading: Readonly<Ref<boolean>>;
  readonly isZoomed: ComputedRef<boolean>;
  readonly onZoom: (event: ZoomEvent) => void;
  readonly showAll: () => void;
} {
  const share = shallowRef<readonly [start: number, end: number] | null>(first);
  const extent = computed(() => axisExtent(curves.value.map(placesOf)));
  const visible = computed((): AxisWindow | null => {
    const [from, to] = extent.value;
    if (share.value === null || !(from < to)) return null;
    const [start, end] = share.value;
    return [from + ((to - from) * start) / 100, from + ((to - from) * end) / 100];
  });

  const settledSmoothing = refDebounced(
    computed(() => settings().smoothing),
    smoothingSettleMilliseconds,
  );
  const thinned = computed(() => curves.value.filter((curve) => curve.total > curve.steps.length));
  const { detail, loading } = useCurveDetail(() => {
    if (visible.value === null || thinned.value.length === 0) return null;
    return {
      ids: [...new Set(thinned.value.map(({ run }) => run))],
      names: [...new Set(thinned.value.map(({ name }) => name))],
      axis: settings().axis,
      window: visible.value,
      smoothing: settledSmoothing.value,
    };
  });

  return {
    share,
    visible,
    detailed: computed(() =>
      curves.value.map((curve) => withDetail(curve, detail.value.get(`${curve.run} ${curve.name}`))),
    ),
    loading,
    isZoomed: computed(() => share.value !== null),
    // Only a window at rest counts: while it moves, drawing alone keeps the page busy.
    onZoom: useDebounceFn(({ start, end, batch }: ZoomEvent) => {
      const from = start ?? batch?.[0]?.start ?? 0;
      const to = end ?? batch?.[0]?.end ?? 100;
      share.value = from <= 0.01 && to >= 99.99 ? null : [from, to];
    }, settleMilliseconds),
    showAll: () => {
      share.value = null;
    },
  };
}
