import { watch, type Ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { z } from 'zod';
import type { EmbeddingPoints } from '../../../src-shared/answers/embeddingAnswers.ts';
import { provideViewAddress, type ViewAddress } from '../../charts/useEnlargedChart.ts';
import { showToast } from '../../components/toasts.ts';
import type { CloudCamera } from './cloudCamera.ts';
import type { CloudSelection } from './useCloudSelection.ts';
import type { useEmbeddingSettings } from './useEmbeddingSettings.ts';
import type { RunPair } from './useRunPair.ts';

/** A larger selection makes an address that browsers and mail programs cut off. */
const mostRows = 400;
const cloud = z.number().int().min(0).max(1);
const row = z.number().int().min(0);
const viewSchema = z.object({
  second: z.string().nullable(),
  settings: z.object({
    method: z.enum(['pca', 'tsne', 'umap', 'sphere']),
    dimensions: z.union([z.literal(2), z.literal(3)]),
    seed: z.number().int(),
    neighbours: z.number().int().min(2),
    of: z.enum(['end', 'epochs']),
    by: z.enum(['person', 'part', 'correct', 'angle']),
    drawn: z.enum(['dots', 'faces', 'density']).nullable(),
  }),
  camera: z
    .object({ azimuth: z.number(), elevation: z.number(), zoom: z.number().positive(), x: z.number(), y: z.number() })
    .nullable(),
  tab: z.enum(['angles', 'people', 'selection']),
  chosen: z.object({ cloud, row }).nullable(),
  marked: z.object({ cloud, label: z.string().nullable(), rows: z.array(row).max(mostRows) }).nullable(),
});

/** What a text of an address says of the view; null where it is none. */
function viewOf(text: string): z.output<typeof viewSchema> | null {
  try {
    return viewSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Links to the embeddings and to the charts below them bring back the runs, the projection, the camera and what was
 * selected. Once they are back, the address keeps only the run and the chart. Returns what a link holds.
 */
export function useLinkedEmbedding({
  pair,
  choose,
  settings,
  set,
  camera,
  selection,
  points,
}: Pick<ReturnType<typeof useEmbeddingSettings>, 'settings' | 'set'> & {
  readonly pair: Readonly<Ref<RunPair | null>>;
  readonly choose: (pair: RunPair) => void;
  readonly camera: Ref<CloudCamera | null>;
  readonly selection: CloudSelection;
  readonly points: Ref<readonly EmbeddingPoints[]>;
}): () => ViewAddress {
  const route = useRoute();
  const router = useRouter();
  const address = (): ViewAddress => {
    const marked = selection.marked.value;
    const view: z.input<typeof viewSchema> = {
      second: pair.value?.second ?? null,
      settings: settings.value,
      camera: camera.value,
      tab: selection.tab.value,
      chosen: selection.chosen.value,
      marked: marked === null || marked.rows.length > mostRows ? null : { ...marked, rows: [...marked.rows] },
    };
    return { params: { run: pair.value?.first ?? '' }, query: { view: JSON.stringify(view) } };
  };
  provideViewAddress(address);
  watch(
    () => route.query['view'],
    (text) => {
      if (typeof text !== 'string') return;
      const { view: _view, ...rest } = route.query;
      const view = viewOf(text);
      void router.replace({ query: rest });
      if (view === null)
        return showToast({ tone: 'bad', title: 'The link holds no view of embeddings: it is cut off.' });
      set(view.settings);
      camera.value = view.camera;
      selection.tab.value = view.tab;
      choose({ first: String(route.params['run'] ?? ''), second: view.second });
      // A selection is of pictures: it comes back when they have.
      const stop = watch(
        points,
        (now) => {
          if (now.length === 0) return;
          queueMicrotask(() => stop());
          const isThere = (place: { readonly cloud: number; readonly row: number }): boolean =>
            place.row < (now[place.cloud]?.rows.length ?? 0);
          if (view.chosen && isThere(view.chosen)) selection.chosen.value = view.chosen;
          const { marked } = view;
          if (marked?.rows.every((own) => isThere({ cloud: marked.cloud, row: own }))) selection.marked.value = marked;
        },
        { immediate: true, flush: 'post' },
      );
    },
    { immediate: true },
  );
  return address;
}
