import { useDebounceFn } from '@vueuse/core';
import type { ECharts } from 'echarts/core';
import { ref, type Ref } from 'vue';
import type { CurveLine } from './curveLines.ts';
import { lineLayer, hasManyLines } from './curveOption.ts';
import { nearestIndex } from './curveSeries.ts';
import { followedInTurn } from './drawingTurns.ts';

const nearEnough = 8; // pixels
const restMilliseconds = 100;

/**
 * Highlights one run or group in a chart: the one that is focused beside the chart, or, among many lines, the one under
 * the resting pointer. Returns what to call when the pointer moves.
 */
export function useLineHighlight({
  chart,
  lines,
  series,
  focused,
  isVisible,
}: {
  readonly chart: () => Pick<ECharts, 'containPixel' | 'convertFromPixel' | 'convertToPixel' | 'dispatchAction'> | null;
  readonly lines: Ref<readonly CurveLine[]>;
  /** The series as they were last drawn. */
  readonly series: () => readonly { readonly name: string; readonly z: number }[];
  readonly focused: () => string | null;
  readonly isVisible: () => boolean;
}): (at: { readonly x: number; readonly y: number }) => void {
  const pointed = ref<string | null>(null);

  followedInTurn(
    () => focused() ?? pointed.value,
    (name, before) => {
      const instance = chart();
      if (!instance || !isVisible()) return;
      if (before !== null) instance.dispatchAction({ type: 'downplay' });
      const labels = new Set(lines.value.filter((line) => line.name === name).map(({ label }) => label));
      const places = series().flatMap((own, index) => (labels.has(own.name) && own.z === lineLayer ? [index] : []));
      // One action for all of them: a second one would blur the first.
      instance.dispatchAction({ type: 'highlight', seriesIndex: places });
    },
  );

  return useDebounceFn(({ x, y }: { readonly x: number; readonly y: number }) => {
    const instance = chart();
    if (!instance || !hasManyLines(lines.value) || !instance.containPixel('grid', [x, y])) {
      pointed.value = null;
      return;
    }
    const [at = 0] = instance.convertFromPixel('grid', [x, y]);
    let nearest: string | null = null;
    let least = nearEnough;
    for (const { x: places, smoothed, name } of lines.value) {
      const index = nearestIndex(places, at);
      const value = smoothed[index] ?? null;
      if (value === null) continue;
      const [, top = Number.POSITIVE_INFINITY] = instance.convertToPixel('grid', [places[index]!, value]);
      if (Math.abs(top - y) >= least) continue;
      least = Math.abs(top - y);
      nearest = name;
    }
    pointed.value = nearest;
  }, restMilliseconds);
}
