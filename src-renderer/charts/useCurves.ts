import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue';
import type { Curve, CurvePoint } from '../../src-shared/api.ts';
import type { ArcBenchError } from '../../src-shared/errors.ts';
import { groupBy } from '../../src-shared/groupBy.ts';
import { asFault } from '../client/useCall.ts';
import { call, onResync, useEvent } from '../client/workbench.ts';
import { appended } from './curveSeries.ts';

const pointsAsked = 1500; // a series, thinned at the source
const pointsKept = 4000; // before it is thinned again
const drawInterval = 250; // milliseconds

/** Curves of runs, fetched once and then grown by the points that arrive. */
export function useCurves(ask: () => { readonly ids: readonly string[]; readonly names: readonly string[] }): { readonly curves: Readonly<ShallowRef<readonly Curve[]>>; readonly fault: Readonly<ShallowRef<ArcBenchError | null>>; readonly loaded: Readonly<ShallowRef<boolean>> } {
  const curves = shallowRef<readonly Curve[]>([]);
  const fault = shallowRef<ArcBenchError | null>(null);
  const loaded = shallowRef(false);
  let turn = 0;
  let waiting: { readonly run: string; readonly points: readonly CurvePoint[] }[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;

  const load = async (): Promise<void> => {
    const { ids, names } = ask();
    const mine = ++turn;
    if (ids.length === 0) {
      [curves.value, loaded.value] = [[], true];
      return;
    }
    try {
      const found = await call('runs.curves', { ids: [...ids], names: [...names], points: pointsAsked });
      if (mine === turn) [curves.value, fault.value, loaded.value] = [found, null, true];
    } catch (error) {
      if (mine === turn) fault.value = asFault(error);
    }
  };
  const grow = (): void => {
    timer = null;
    const { ids, names } = ask();
    const byKey = new Map(curves.value.map((curve) => [`${curve.run} ${curve.name}`, curve]));
    for (const { run, points } of waiting) {
      if (!ids.includes(run)) continue;
      for (const [name, added] of groupBy(points, (point) => point.name)) {
        if (!names.includes(name)) continue;
        const curve = byKey.get(`${run} ${name}`) ?? { run, name, total: 0, steps: [], epochs: [], times: [], values: [] };
        byKey.set(`${run} ${name}`, appended(curve, added));
      }
    }
    waiting = [];
    curves.value = [...byKey.values()];
    if (curves.value.some((curve) => curve.steps.length > pointsKept)) void load();
  };
  useEvent('points', (payload) => {
    waiting.push(payload);
    timer ??= setTimeout(grow, drawInterval);
  });
  useEvent('run', (run) => { if (run.status === 'queued' && ask().ids.includes(run.id)) void load(); }); // begun anew: its old points are gone
  watch(() => JSON.stringify(ask()), () => void load(), { immediate: true });
  onScopeDispose(onResync(() => void load()));
  onScopeDispose(() => { if (timer) clearTimeout(timer); });
  return { curves, fault, loaded };
}
