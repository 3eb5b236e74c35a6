import { computed, shallowRef, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { stringify } from 'yaml';
import type { Plan } from '../../../src-shared/experiment.ts';
import { call } from '../../client/workbench.ts';
import { showFault, showToast } from '../../components/toasts.ts';
import { wayOn } from '../../components/wayOn.ts';
import { useDatasets } from '../../stores/datasets.ts';
import { useExperiments } from '../../stores/experiments.ts';
import { notStandard, withSplit } from '../experiment/experimentText.ts';
import type { SplitRule } from './useSplitRule.ts';

/** Where a split goes: into an experiment, new or there already; and the experiment that it came from. */
export function useSplitTarget(rule: SplitRule) {
  const datasets = useDatasets();
  const experiments = useExperiments();
  const route = useRoute();
  const router = useRouter();
  /** The experiment whose split is open, where it was opened from one. */
  const from = shallowRef<{ readonly id: string; readonly name: string } | null>(null);

  /** Opens the split of the experiment that the address names. */
  async function open(id: string): Promise<void> {
    const { plan } = await call('experiments.show', { id });
    if (plan === null) return;
    const dataset = datasetOf(plan);
    if (dataset === null)
      return showToast({
        tone: 'bad',
        title:
          `The faces of ${plan.name} are not imported yet, so its split cannot be shown: ` +
          `import ${plan.data.source}.`,
      });
    rule.take({ dataset: dataset.hash, prepare: plan.prepare, split: plan.split });
    from.value = { id, name: plan.name };
  }
  const datasetOf = ({ data }: Plan) =>
    datasets.all.find((dataset) => JSON.stringify(dataset.data) === JSON.stringify(data)) ??
    datasets.all.find((dataset) => dataset.source === data.source && data.source !== 'demo') ??
    null;
  watch(
    () => (datasets.loaded ? route.query['experiment'] : undefined),
    (id) => {
      if (typeof id === 'string' && id !== from.value?.id) void open(id).catch(showFault);
    },
    { immediate: true },
  );

  const sections = computed(() => (rule.input.value === null ? null : notStandard(rule.input.value)));
  async function useInNew(): Promise<void> {
    const goOn = wayOn(router);
    const name = datasets.byHash(rule.kept.value.dataset ?? '')?.name ?? 'experiment';
    const yaml = `name: ${JSON.stringify(name)}\n${stringify(sections.value ?? {}, { lineWidth: 0 })}`;
    const { id } = await call('experiments.save', { id: null, yaml });
    await goOn({ name: 'experiment', params: { id } });
  }
  async function useIn(id: string): Promise<void> {
    const goOn = wayOn(router);
    const { yaml, plan } = await call('experiments.show', { id });
    if (sections.value === null) return;
    await call('experiments.save', { id, yaml: withSplit(yaml, sections.value) });
    const restore = () => void call('experiments.save', { id, yaml }).catch(showFault);
    showToast({
      tone: 'good',
      title: `${plan?.name ?? id} uses this split now`,
      action: { label: 'Undo', run: restore },
    });
    await goOn({ name: 'experiment', params: { id } });
  }
  return {
    from,
    experiments: computed(() => experiments.all),
    asYaml: (): string => (sections.value === null ? '' : stringify(sections.value, { lineWidth: 0 })),
    useInNew: () => void useInNew().catch(showFault),
    useIn: (id: string) => void useIn(id).catch(showFault),
  };
}
