import { useClipboard } from '@vueuse/core';
import { computed, inject, provide, type InjectionKey } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { showFault, showToast } from '../components/toasts.ts';
import { zoomOf, type ZoomShare } from './largeOption.ts';

/** What an address needs to bring back what a view shows. */
export interface ViewAddress {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}
const key: InjectionKey<() => ViewAddress> = Symbol('view address');

/** Says what links to the charts below this view bring back. */
export const provideViewAddress = (of: () => ViewAddress): void => provide(key, of);

/** The enlarged chart and its zoom. Both are in the address, so that a link brings them back. */
export function useEnlargedChart(viewAddress: () => ViewAddress = inject(key, () => ({}))) {
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
  async function copyAddress(ofChart: Readonly<Record<string, string>>, title: string): Promise<void> {
    const { params = {}, query = {} } = viewAddress();
    const { href } = router.resolve({
      name: route.name ?? '',
      params: { ...route.params, ...params },
      query: { ...query, ...ofChart },
    });
    await copy(new URL(href, `${location.origin}${location.pathname}`).href);
    showToast({ tone: 'good', title });
  }
  const copyLink = (chart: string, share: ZoomShare | null): void => {
    const zoom = share === null ? {} : { zoom: share.map((end) => Number(end.toFixed(4))).join('-') };
    void copyAddress({ chart, ...zoom }, 'The link to this chart is copied').catch(showFault);
  };
  return {
    large,
    zoom: computed(() => zoomOf(route.query['zoom'])),
    copyLink,
    /** Copies a link to the view itself. */
    copyViewLink: () => void copyAddress({}, 'The link to this view is copied').catch(showFault),
  };
}
