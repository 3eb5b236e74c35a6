import { createHash } from 'node:crypto';
import type { Store } from '../../store/store.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';

/**
 * SHA-256 over what is equal to the bit when one plan runs twice on one machine, engine and number of threads: weights
 * and head, the curves of epochs except speed, and the evaluation; null before a run is judged.
 */
export function resultHash(store: Store, id: string): string | null {
  const evaluation = (store.result(id, 'summary') as TrainedSummary | null)?.evaluation;
  if (!evaluation) return null;
  const { confusions: _pictures, aliases: _people, ...judged } = evaluation; // they name files, whose paths may differ
  const weights = store
    .artefacts(id)
    .filter(({ kind }) => kind === 'weights' || kind === 'head')
    .map(({ kind, sha256 }) => [kind, sha256]);
  const curves = store
    .points(id)
    .filter(({ name }) => name !== 'imagesPerSecond')
    .map(({ name, step, value }) => [name, step, value]);
  return createHash('sha256')
    .update(JSON.stringify([weights, curves, judged, store.result(id, 'predictions')]))
    .digest('hex');
}
