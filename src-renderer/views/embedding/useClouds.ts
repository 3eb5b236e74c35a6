import { computed, type Ref } from 'vue';
import { pictureAddress } from '../../../src-shared/addresses.ts';
import type { EmbeddingPoints, Neighbour } from '../../../src-shared/answers/embeddingAnswers.ts';
import type { RunDetails } from '../../../src-shared/answers/runAnswers.ts';
import { useRuns } from '../../stores/runs.ts';
import { runNames } from '../runs/comparedColumns.ts';
import { angleScale, paintCloud, rowColours, type ColourBy, type Emphasis } from './cloudColours.ts';
import { axisEnds, boxLines, boxOf } from './cloudBox.ts';
import { sphereLines } from './sphereLines.ts';
import type { PointsDrawn } from './pointsDrawn.ts';
import type { useCloudPalette } from './useCloudPalette.ts';
import type { CloudAxis } from './cloudBox.ts';
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
      return [
        { at, run, name: nameOf.value(run), points: own, positions: placed, box: boxOf(placed), snapshot, colours },
      ];
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
  drawn,
  detailsOf,
  palette: { palette, background, ink },
}: {
  readonly clouds: Ref<readonly Cloud[]>;
  readonly selection: Pick<CloudSelection, 'chosen' | 'marked' | 'isShared'>;
  readonly neighbours: Readonly<Ref<readonly (readonly Neighbour[])[]>>;
  readonly linked: Ref<boolean>;
  readonly drawn: () => PointsDrawn | null;
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
  function linesOf({ points, positions, colours, box }: Cloud) {
    if (points.method !== 'sphere')
      return points.dimensions === 3
        ? boxLines(box, { axis: palette.value.of('line-control'), edge: palette.value.of('line-strong') })
        : null;
    return sphereLines(positions, points.rows, {
      colours: colours.colours,
      grid: palette.value.of('line-strong'),
      marginRadians: detailsOf(points.run)?.evaluation?.geometry?.marginRadians ?? 0,
    });
  }
  return computed(() =>
    clouds.value.map((cloud) => ({
      ...cloud,
      faceOf: drawn() === 'faces' ? faceAddresses(cloud.points, detailsOf(cloud.points.run)?.prepared ?? null) : null,
      paint: paintCloud(cloud.colours.colours, emphasisOf(cloud.at), { back: background.value, ink: ink.value }),
      lines: linesOf(cloud),
      axes: axesOf(cloud),
    })),
  );
}

/** The names of a 3-D cloud's axes, with their places. Only those of PCA mean something. */
const axesOf = ({ points: { method, dimensions }, box }: Cloud): readonly CloudAxis[] =>
  method === 'pca' && dimensions === 3 ? axisEnds(box).map((place, at) => ({ name: `PC ${at + 1}`, place })) : [];

const faceAddresses =
  ({ rows }: EmbeddingPoints, prepared: string | null) =>
  (row: number): string | null => {
    const picture = rows[row]?.picture ?? null;
    return prepared === null || picture === null ? null : pictureAddress({ kind: 'face', prepared, index: picture });
  };
