import { computed, ref } from 'vue';
import { useRouter } from 'vue-router';
import type { DatasetSummary } from '../../../src-shared/answers/datasetAnswers.ts';
import { useCall } from '../../client/useCall.ts';
import { call } from '../../client/workbench.ts';
import { showFault } from '../../components/toasts.ts';
import { wayOn } from '../../components/wayOn.ts';
import { newExperimentText, notStandard, presetOnFaces } from './experimentText.ts';

/** The course's archive has a preset that suits it; other faces start from a general one. */
const courseLayout = 'course';

/** Makes new experiments: on imported faces, or from a preset. */
export function useFacesExperiment() {
  const router = useRouter();
  const presets = useCall('experiments.presets', () => ({}));
  const coursePreset = computed(() => presets.data.value?.find(({ name }) => name === courseLayout));
  const presetFor = ({ layout }: DatasetSummary) => (layout === courseLayout ? coursePreset.value : undefined);
  /** What is being made now. */
  const busy = ref<string | null>(null);
  async function make(from: string, yaml: string): Promise<void> {
    busy.value = from;
    const goOn = wayOn(router);
    await call('experiments.save', { id: null, yaml }).then(
      ({ id }) => goOn({ name: 'experiment', params: { id } }),
      showFault,
    );
    busy.value = null;
  }
  function textFor(dataset: DatasetSummary): string {
    const data = { source: dataset.data.source, ...notStandard({ data: dataset.data })['data'] };
    const preset = presetFor(dataset);
    return preset
      ? presetOnFaces(preset.yaml, data)
      : newExperimentText({ name: dataset.name, data, detect: dataset.facesFound });
  }
  return {
    presets,
    busy,
    make,
    makeOn: (dataset: DatasetSummary): Promise<void> => make(dataset.hash, textFor(dataset)),
    /** Before the presets are there, it is not known what would be made of the course's archive. */
    isKnown: ({ layout }: DatasetSummary): boolean => layout !== courseLayout || presets.data.value !== null,
    /** What an experiment on these faces would be. */
    offered: (dataset: DatasetSummary): string =>
      presetFor(dataset)?.description ?? 'Cross-entropy against ArcFace, three seeds.',
  };
}
