import { refDebounced } from '@vueuse/core';
import { computed } from 'vue';
import type { CurveRun, CurveSettings } from '../../charts/curveLines.ts';
import { useCurves } from '../../charts/useCurves.ts';
import type { SeedsDrawn } from '../../charts/seedSpread.ts';
import { manyRuns, runCharts, stepsPerEpoch, useCurveSettings } from './runCharts.ts';
import type { LiveRuns } from './useLiveRuns.ts';

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

  /** How the seeds of an arm are drawn. */
  const drawnSeeds = computed((): SeedsDrawn => {
    if (seeds.value < 2) return 'lines';
    return settings.value.seeds ?? (shown.value.length >= manyRuns ? 'range' : 'lines');
  });
  const means = computed(() => drawnSeeds.value !== 'lines');
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
    drawnSeeds,
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
