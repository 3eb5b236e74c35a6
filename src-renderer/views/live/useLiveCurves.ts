import { refDebounced } from '@vueuse/core';
import { computed } from 'vue';
import type { CurveRun, CurveSettings } from '../../charts/curveLines.ts';
import { useCurves } from '../../charts/useCurves.ts';
import { runCharts, stepsPerEpoch, useCurveSettings } from './runCharts.ts';
import type { LiveRuns } from './useLiveRuns.ts';

/** From this many runs on, seeds are drawn as their mean until the user chooses otherwise. */
const manyRuns = 12;
const smoothingSettleMilliseconds = 200;

/** The charts of the shown runs, with their curves, and how they are drawn. */
export function useLiveCurves({ shown, seeds, placeOf, nameOf }: LiveRuns) {
  const settings = useCurveSettings();
  const settledSmoothing = refDebounced(
    computed(() => settings.value.smoothing),
    smoothingSettleMilliseconds,
  );
  const charts = computed(() => runCharts(new Set(shown.value.flatMap((run) => Object.keys(run.metrics)))));
  const names = computed(() => [...new Set(charts.value.flatMap((chart) => chart.names))]);
  const { curves, fault, loaded } = useCurves(() => ({
    ids: shown.value.map((run) => run.id),
    names: names.value,
    smoothing: settledSmoothing.value,
  }));

  /** Whether each arm is drawn as the mean of its seeds. */
  const means = computed(() => seeds.value > 1 && (settings.value.means ?? shown.value.length >= manyRuns));
  const curveRuns = computed(() => {
    const steps = stepsPerEpoch(curves.value);
    return shown.value.map((run): CurveRun => ({
      id: run.id,
      name: nameOf(run),
      armName: run.arm,
      arm: placeOf(run.arm),
      stepsPerEpoch: steps.get(run.id) ?? null,
      ...(means.value ? { group: run.arm } : {}),
    }));
  });
  return {
    settings,
    curves,
    set: (changes: Partial<CurveSettings>): void => {
      settings.value = { ...settings.value, ...changes };
    },
    fault,
    loaded,
    means,
    curveRuns,
    /** The charts that have points. */
    drawn: computed(() =>
      charts.value
        .map((chart) => ({ chart, curves: curves.value.filter((curve) => chart.names.includes(curve.name)) }))
        .filter((entry) => entry.curves.length > 0),
    ),
  };
}
