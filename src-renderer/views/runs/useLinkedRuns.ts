import { watch, type Ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { provideViewAddress } from '../../charts/useEnlargedChart.ts';
import { isComparedTab, useComparedTab } from './comparedTab.ts';

/**
 * Links to the charts of Runs bring back which runs were marked, whether seeds were grouped, and how they were
 * compared. Once they are, the address keeps only the chart: what is marked afterwards counts.
 */
export function useLinkedRuns(selected: Ref<readonly string[]>, grouped: Ref<boolean>): void {
  const route = useRoute();
  const router = useRouter();
  const tab = useComparedTab();
  provideViewAddress(() => ({
    params: { id: '' },
    query: { marked: selected.value.join(','), grouped: grouped.value ? '1' : '0', tab: tab.value },
  }));
  watch(
    () => route.query['marked'],
    (marked) => {
      if (typeof marked !== 'string' || marked === '') return;
      const { marked: _marked, grouped: isGrouped, tab: compared, ...rest } = route.query;
      selected.value = marked.split(',');
      grouped.value = isGrouped === '1';
      if (isComparedTab(compared)) tab.value = compared;
      void router.replace({ query: rest });
    },
    { immediate: true },
  );
}
