import { counted } from '../../data/counted.ts';
import type { Store } from '../../store/store.ts';
import { runDataOf } from '../experiment/runFaces.ts';

/** Says that runs saw different data and so cannot be compared; null if all saw the same, as far as it is known. */
export function otherDataSentence(store: Pick<Store, 'result'>, runs: readonly string[]): string | null {
  const seen = new Map(
    runs.flatMap((run) => {
      const data = runDataOf(store, run);
      return data ? [[data.hash, data] as const] : [];
    }),
  );
  if (seen.size < 2) return null;
  const named = [...seen.values()].map(({ hash, images, people }) => {
    const size =
      images === null || people === null
        ? ''
        : ` (${counted(images, 'picture', 'pictures')} of ${counted(people, 'person', 'people')})`;
    return `${hash.slice(0, 8)}${size}`;
  });
  return (
    `These runs saw different data: ${named.slice(0, -1).join(', ')} and ${named.at(-1)}. Only runs on the same data ` +
    'can be compared: start the experiment again, so that all its arms see the faces as they are now.'
  );
}
