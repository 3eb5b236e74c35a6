import { shallowRef, watch, type Ref } from 'vue';
import type { EmbeddingPoints, Neighbour } from '../../../src-shared/answers/embeddingAnswers.ts';
import { call } from '../../client/workbench.ts';
import { showFault } from '../../components/toasts.ts';
import type { CloudRow } from './useCloudSelection.ts';

const neighboursShown = 10;

/** The pictures nearest to the chosen one by cosine, for each cloud; empty for a cloud that does not show it. */
export function useNeighbours({
  points,
  chosen,
  epoch,
  positionOf,
  isShared,
}: {
  readonly points: Ref<readonly EmbeddingPoints[]>;
  readonly chosen: Ref<CloudRow | null>;
  readonly epoch: Ref<number | null>;
  /** The snapshot that the cloud at a place shows. */
  readonly positionOf: (cloud: number) => number;
  readonly isShared: (cloud: number, origin: number) => boolean;
}): Readonly<Ref<readonly (readonly Neighbour[])[]>> {
  const neighbours = shallowRef<readonly (readonly Neighbour[])[]>([]);

  async function fetchFor(origin: CloudRow, { run, frames }: EmbeddingPoints, cloud: number) {
    const shown = frames[positionOf(origin.cloud)];
    if (!shown || !isShared(cloud, origin.cloud)) return [];
    return call('embedding.neighbours', { run, snapshot: shown.snapshot, row: origin.row, count: neighboursShown });
  }

  let turn = 0;
  watch([chosen, epoch, points], async () => {
    const mine = ++turn; // a later change makes this answer out of date
    const origin = chosen.value;
    if (!origin) {
      neighbours.value = [];
      return;
    }
    try {
      const found = await Promise.all(points.value.map((own, cloud) => fetchFor(origin, own, cloud)));
      if (mine === turn) neighbours.value = found;
    } catch (error) {
      showFault(error);
    }
  });
  return neighbours;
}
