import { existsSync } from 'node:fs';
import type { CheckedInput } from '../../../src-shared/api.ts';
import type { TakenFor } from '../../../src-shared/answers/runAnswers.ts';
import { groupBy } from '../../../src-shared/groupBy.ts';
import { textOfCell, tsvCell } from '../../../src-shared/textCell.ts';
import { openPreparedSet } from '../../data/preparedSet.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Store } from '../../store/store.ts';
import { readRunFaces } from '../experiment/runFaces.ts';
import { embeddingSpace, readUnits } from './embeddingSpace.ts';

type Pairs = CheckedInput<'runs.takenFor'>['pairs'];

/**
 * For each picture and the person that it was taken for: the judged picture of that person with the largest cosine.
 * Where the run keeps no embedding of either, it is the person's first picture, without a cosine; null where the person
 * has no picture.
 */
export function takenForPictures(store: Store, run: string, pairs: Pairs): TakenFor[] {
  const nearest = nearestPictures(store, run, pairs);
  const first = firstPictures(store, run);
  return pairs.map((pair, index) => {
    const picture = first.get(pair.person);
    return { ...pair, nearest: nearest[index] ?? (picture === undefined ? null : { picture, cosine: null }) };
  });
}

function nearestPictures(store: Store, run: string, pairs: Pairs): TakenFor['nearest'][] {
  if (!existsSync(workspaceFolders(store.workspace).filesOfRun(run).embeddings)) return [];
  const { rows, frames } = embeddingSpace(store, run, 'end');
  const { values, size } = readUnits(frames[0]!.path, rows.length);
  const rowOf = new Map(rows.flatMap(({ picture }, row) => (picture === null ? [] : [[picture, row] as const])));
  const rowsOf = groupBy(rowOf, ([, row]) => rows[row]!.identity);
  const cosine = (one: number, other: number): number => {
    let sum = 0;
    for (let column = 0; column < size; column++) sum += values[one * size + column]! * values[other * size + column]!;
    return sum;
  };
  return pairs.map(({ picture, person }) => {
    const row = rowOf.get(picture);
    if (row === undefined) return null;
    let best: { readonly picture: number; readonly cosine: number } | null = null;
    for (const [candidate, other] of rowsOf.get(textOfCell(tsvCell(person))) ?? []) {
      const similarity = cosine(row, other);
      if (candidate !== picture && similarity > (best?.cosine ?? -Infinity))
        best = { picture: candidate, cosine: similarity };
    }
    return best;
  });
}

/** The first picture of each person in the run's prepared set; empty where the set is gone. */
function firstPictures(store: Store, run: string): ReadonlyMap<string, number> {
  const faces = readRunFaces(store, run);
  const folder = faces && workspaceFolders(store.workspace).preparedSet(faces.prepared);
  const first = new Map<string, number>();
  if (folder && existsSync(folder))
    openPreparedSet(folder).images.forEach(({ identity }, index) => {
      if (!first.has(identity)) first.set(identity, index);
    });
  return first;
}
