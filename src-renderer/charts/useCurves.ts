import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import type { Curve, CurvePoint } from '../../src-shared/answers/runAnswers.ts';
import type { CurveRange } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { asFault } from '../client/useCall.ts';
import { call, onResync, useEvent } from '../client/workbench.ts';
import { appended, outgrown, rangeOf, smoothingOf, widened, type AxisWindow, type CurveAxis } from './curveSeries.ts';

const mostPoints = 1500;
const leastPoints = 120;
const allPoints = 150_000; // of a series, and of all series together: thinned at the source
const runsAtOnce = 100; // of the contract's 200
const drawInterval = 250; // milliseconds
/** The number of points to request for each of `series` series. */
const pointsOf = (series: number): number =>
  Math.max(leastPoints, Math.min(mostPoints, Math.floor(allPoints / Math.max(1, series))));
const pointsKept = (series: number): number => 2.7 * pointsOf(series); // before they are thinned again

export interface AskedCurves {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  /** As the user chose it; epoch curves are smoothed less. */
  readonly smoothing: number;
}

/** Fetches the curves of any number of runs, in full or within a range. */
async function fetchCurves({ ids, names, smoothing }: AskedCurves, range?: CurveRange): Promise<readonly Curve[]> {
  const points = pointsOf(ids.length * names.length);
  const found: Curve[] = [];
  for (let from = 0; from < ids.length; from += runsAtOnce) {
    for (const [weight, own] of groupBy(names, (name) => smoothingOf(name, smoothing))) {
      found.push(
        ...(await call('runs.curves', {
          ids: ids.slice(from, from + runsAtOnce),
          names: [...own],
          points,
          ...(range ? { range } : {}),
          ...(weight > 0 ? { smoothing: weight } : {}),
        })),
      );
    }
  }
  return found;
}

/** Curves of runs: fetched once, then extended by the points that arrive. */
export function useCurves(ask: () => AskedCurves): {
  readonly curves: Readonly<ShallowRef<readonly Curve[]>>;
  readonly fault: Readonly<ShallowRef<ArcBenchError | null>>;
  readonly loaded: Readonly<ShallowRef<boolean>>;
} {
  const curves = shallowRef<readonly Curve[]>([]);
  const fault = shallowRef<ArcBenchError | null>(null);
  const loaded = shallowRef(false);
  let turn = 0;
  let waiting: { readonly run: string; readonly points: readonly CurvePoint[] }[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  const load = async (): Promise<void> => {
    const asked = ask();
    const mine = ++turn;
    if (asked.ids.length === 0) {
      curves.value = [];
      loaded.value = true;
      return;
    }
    try {
      const found = await fetchCurves(asked);
      if (mine !== turn) return;
      curves.value = found;
      fault.value = null;
      loaded.value = true;
    } catch (error) {
      if (mine === turn) fault.value = asFault(error);
    }
  };
  const grow = (): void => {
    timer = null;
    const { ids, names, smoothing } = ask();
    const byKey = new Map(curves.value.map((curve) => [`${curve.run} ${curve.name}`, curve]));
    for (const { run, points } of waiting) {
      if (!ids.includes(run)) continue;
      for (const [name, added] of groupBy(points, (point) => point.name)) {
        if (!names.includes(name)) continue;
        const curve = byKey.get(`${run} ${name}`) ?? {
          run,
          name,
          total: 0,
          steps: [],
          epochs: [],
          times: [],
          values: [],
        };
        byKey.set(`${run} ${name}`, appended(curve, added, smoothingOf(name, smoothing)));
      }
    }
    waiting = [];
    curves.value = [...byKey.values()];
    if (curves.value.some((curve) => curve.steps.length > pointsKept(ids.length * names.length))) void load();
  };
  useEvent('points', (payload) => {
    waiting.push(payload);
    timer ??= setTimeout(grow, drawInterval);
  });
  useEvent('run', (run) => {
    if (run.status === 'queued' && ask().ids.includes(run.id)) void load();
  }); // restarted: its old points are gone
  watch(
    () => {
      const { ids, names } = ask();
      return JSON.stringify([ids, names]);
    },
    () => void load(),
    { immediate: true },
  );
  // Only thinned curves must be fetched again: of the others the page has every point.
  watch(
    () => ask().smoothing,
    () => {
      if (curves.value.some(({ total, steps }) => steps.length < total)) void load();
    },
  );
  onScopeDispose(onResync(() => void load()));
  onScopeDispose(() => {
    if (timer) clearTimeout(timer);
  });
  return { curves, fault, loaded };
}

/**
 * The finer points of the visible part of a zoomed chart. They are fetched when the visible part is not covered by the
 * points at hand; null fetches nothing. Until they arrive, and where fetching fails, the coarse curves stay.
 */
export function useCurveDetail(
  ask: () => (AskedCurves & { readonly axis: CurveAxis; readonly window: AxisWindow }) | null,
): {
  readonly detail: Readonly<ShallowRef<ReadonlyMap<string, Curve>>>;
  readonly loading: Readonly<ShallowRef<boolean>>;
} {
  const detail = shallowRef<ReadonlyMap<string, Curve>>(new Map());
  const loading = shallowRef(false);
  let turn = 0;
  let fetched: { readonly of: string; readonly window: AxisWindow } | null = null;
  const load = async (): Promise<void> => {
    const asked = ask();
    const mine = ++turn;
    if (asked === null || asked.ids.length === 0) {
      fetched = null;
      detail.value = new Map();
      loading.value = false;
      return;
    }
    const { ids, names, axis, window, smoothing } = asked;
    const of = JSON.stringify([ids, names, axis, smoothing]);
    if (fetched?.of === of && !outgrown(window, fetched.window)) return;
    loading.value = true;
    try {
      const wide = widened(window);
      const found = await fetchCurves(asked, rangeOf(axis, wide));
      if (mine !== turn) return;
      detail.value = new Map(found.map((curve) => [`${curve.run} ${curve.name}`, curve]));
      fetched = { of, window: wide };
    } catch {
      // The coarse curves stay; the next zoom asks again.
    } finally {
      if (mine === turn) loading.value = false;
    }
  };
  watch(
    () => JSON.stringify(ask()),
    () => void load(),
  );
  return { detail, loading };
}
