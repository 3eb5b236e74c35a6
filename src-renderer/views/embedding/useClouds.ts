import { computed, type Ref } from 'vue';
import { pictureAddress } from '../../../src-shared/addresses.ts';
import type { EmbeddingPoints, Neighbour } from '../../../src-shared/answers/embeddingAnswers.ts';
import type { RunDetails } from '../../../src-shared/answers/runAnswers.ts';
import { useRuns } from '../../stores/runs.ts';
import { runNames } from '../runs/comparedColumns.ts';
import { angleScale, paintCloud, rowColours, type ColourBy, type Emphasis } from './cloudColours.ts';
import { sphereLines } from './sphereLines.ts';
import type { useCloudPalette } from './useCloudPalette.ts';
import type { CloudSelection } from './useCloudSelection.ts';

/** The clouds as they are shown: one for each run, with the positions of the epoch that is playing and its colours. */
export function useClouds({
  points,
  positions,
  positionOf,
  colourBy,
  palette,
}: {
  readonly points: Ref<readonly EmbeddingPoints[]>;
  /** For each run, for each of its snapshots: [rows, 3]. */
  readonly positions: Ref<readonly (readonly Float32Array[])[]>;
  readonly positionOf: (cloud: number) => number;
  readonly colourBy: () => ColourBy;
  readonly palette: ReturnType<typeof useCloudPalette>['palette'];
}) {
  const runs = useRuns();
  const mostDegrees = computed(() => angleScale(points.value.flatMap((own) => own.frames)));
  const nameOf = computed(() => runNames(points.value.flatMap((own) => runs.byId(own.run) ?? [])));
  return computed(() =>
    points.value.flatMap((own, at) => {
      const run = runs.byId(own.run);
      const placed = positions.value[at]?.[positionOf(at)];
      const snapshot = own.frames[positionOf(at)];
      if (!run || !placed || !snapshot) return [];
      const colours = rowColours({
        rows: own.rows,
        frame: snapshot,
        by: colourBy(),
        palette: palette.value,
        most: mostDegrees.value,
      });
      return [{ at, run, name: nameOf.value(run), points: own, positions: placed, snapshot, colours }];
    }),
  );
}
export type Cloud = ReturnType<typeof useClouds>['value'][number];

/** What the scene draws for each cloud: colours in which the selection stands out, faces, and a sphere's lines. */
export function usePaintedClouds({
  clouds,
  selection: { chosen, marked, isShared },
  neighbours,
  linked,
  faces,
  detailsOf,
  palette: { palette, background, ink },
}: {
  readonly clouds: Ref<readonly Cloud[]>;
  readonly selection: Pick<CloudSelection, 'chosen' | 'marked' | 'isShared'>;
  readonly neighbours: Readonly<Ref<readonly (readonly Neighbour[])[]>>;
  readonly linked: Ref<boolean>;
  /** Whether points are shown as faces. */
  readonly faces: () => boolean;
  readonly detailsOf: (run: string) => RunDetails | null;
  readonly palette: ReturnType<typeof useCloudPalette>;
}) {
  const rowsNear = (cloud: number): number[] => (neighbours.value[cloud] ?? []).map(({ row }) => row);
  function emphasisOf(at: number): Emphasis {
    const row = chosen.value;
    return {
      chosen: row && isShared(at, row.cloud) ? row.row : null,
      own: row ? rowsNear(at) : [],
      others: row && linked.value ? rowsNear(1 - at) : [],
      marked: marked.value && isShared(at, marked.value.cloud) ? marked.value.rows : [],
    };
  }
  function sphereOf({ points, positions, colours }: Cloud) {
    if (points.method !== 'sphere') return null;
    return sphereLines(positions, points.rows, {
      colours: colours.colours,
      grid: palette.value.of('line-strong'),
      marginRadians: detailsOf(points.run)?.evaluation?.geometry?.marginRadians ?? 0,
    });
  }
  return computed(() =>
    clouds.value.map((cloud) => ({
      ...cloud,
      faceOf: faces() ? faceAddresses(cloud.points, detailsOf(cloud.points.run)?.prepared ?? null) : null,
      paint: paintCloud(cloud.colours.colours, emphasisOf(cloud.at), { back: background.value, ink: ink.value }),
      lines: sphereOf(cloud),
    })),
  );
}

const faceAddresses =
  ({ rows }: EmbeddingPoints, prepared: string | null) =>
  (row: number): string | null => {
    const picture = rows[row]?.picture ?? null;
    return prepared === null || picture === null ? null : pictureAddress({ kind: 'face', prepared, index: picture });
  };
