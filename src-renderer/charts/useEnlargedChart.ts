import { useClipboard } from '@vueuse/core';
import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { showToast } from '../../components/toasts.ts';

/** The visible part of a chart's axis, in percent of it. */
export type ZoomShare = readonly [start: number, end: number];

/** The enlarged chart and its zoom. Both are in the address, so that a link brings them back. */
export function useEnlargedChart(run: () => string | undefined) {
  const route = useRoute();
  const router = useRouter();
  const { copy } = useClipboard({ legacy: true });
  const large = computed({
    get: (): string | null => (typeof route.query['chart'] === 'string' ? route.query['chart'] : null),
    set: (chart) => {
      const { chart: _chart, zoom: _zoom, ...rest } = route.query;
      void router.replace({ query: chart === null ? rest : { ...rest, chart } });
    },
  });
  const zoom = computed((): ZoomShare | null => {
    const [start, end] = String(route.query['zoom'] ?? '')
      .split('-')
      .map(Number);
    if (start === undefined || end === undefined || !(start >= 0 && start < end && end <= 100)) return null;
    return [start, end];
  });
  async function copyLink(chart: string, share: ZoomShare | null): Promise<void> {
    const query = { chart, ...(share === null ? {} : { zoom: share.map((end) => end.toFixed(1)).join('-') }) };
    const { href } = router.resolve({ name: 'live', params: { run: run() ?? '' }, query });
    await copy(new URL(href, `${location.origin}${location.pathname}`).href);
    showToast({ tone: 'good', title: 'The link to this chart is copied' });
  }
  return { large, zoom, copyLink: (chart: string, share: ZoomShare | null) => void copyLink(chart, share) };
}
