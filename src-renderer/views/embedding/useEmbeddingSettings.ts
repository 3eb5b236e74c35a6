import { useLocalStorage } from '@vueuse/core';
import { computed, type Ref } from 'vue';
import type { RunDetails } from '../../../src-shared/answers/runAnswers.ts';
import { useRuns } from '../../stores/runs.ts';
import type { ColourBy } from './cloudColours.ts';
import type { PointsDrawn } from './pointsDrawn.ts';
import type { ProjectionRequest } from './useProjections.ts';

export type ProjectionMethod = ProjectionRequest['method'];

export interface EmbeddingSettings {
  readonly method: ProjectionMethod;
  readonly dimensions: 2 | 3;
  readonly seed: number;
  /** Also the perplexity of t-SNE. */
  readonly neighbours: number;
  readonly of: ProjectionRequest['of'];
  readonly by: ColourBy;
  /** How points are drawn; null until the user chooses: then their number decides. */
  readonly drawn: PointsDrawn | null;
}

const defaults: EmbeddingSettings = {
  method: 'pca',
  dimensions: 3,
  seed: 1,
  neighbours: 15,
  of: 'end',
  by: 'person',
  drawn: null,
};

/** How embeddings are projected and coloured, kept in this browser, and which of it the shown runs allow. */
export function useEmbeddingSettings(ids: Ref<readonly string[]>, details: Ref<readonly RunDetails[]>) {
  const runs = useRuns();
  const settings = useLocalStorage<EmbeddingSettings>('arcbench.embedding', defaults, { mergeDefaults: true });

  /** Embeddings of three numbers lie on a sphere and need no projection. */
  const hasSphere = computed(
    () => ids.value.length > 0 && ids.value.every((id) => runs.byId(id)?.knobs['model.embeddingSize'] === '3'),
  );
  const methods = computed((): readonly { value: ProjectionMethod; label: string }[] => [
    { value: 'pca', label: 'PCA' },
    { value: 'tsne', label: 't-SNE' },
    { value: 'umap', label: 'UMAP' },
    ...(hasSphere.value ? [{ value: 'sphere' as const, label: 'Sphere' }] : []),
  ]);
  const method = computed((): ProjectionMethod =>
    settings.value.method === 'sphere' && !hasSphere.value ? 'pca' : settings.value.method,
  );
  const hasEpochs = computed(
    () => details.value.length > 0 && details.value.every(({ snapshots }) => snapshots.length > 0),
  );
  const request = computed((): ProjectionRequest => ({
    of: hasEpochs.value ? settings.value.of : 'end',
    method: method.value,
    dimensions: method.value === 'sphere' ? 3 : settings.value.dimensions,
    seed: settings.value.seed,
    neighbours: settings.value.neighbours,
  }));
  return {
    settings,
    set: (changes: Partial<EmbeddingSettings>): void => {
      settings.value = { ...settings.value, ...changes };
    },
    methods,
    method,
    hasEpochs,
    request,
    /** t-SNE and UMAP, which take a seed and a number of neighbours, and minutes for thousands of pictures. */
    isNeighbourMethod: computed(() => method.value === 'tsne' || method.value === 'umap'),
  };
}
