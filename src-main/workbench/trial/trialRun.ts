import { existsSync, statSync } from 'node:fs';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { identificationRatesOf } from '../../../src-shared/evaluation.ts';
import type { Plan } from '../../../src-shared/experiment.ts';
import type { IdentificationRate } from '../../../src-shared/maths/identificationRate.ts';
import type { TrainedSummary } from '../../../src-shared/trainedSummary.ts';
import type { Cut } from '../../data/decodeFace.ts';
import { openPreparedSet, type PreparedSet } from '../../data/preparedSet.ts';
import type { EmbeddedModel } from '../../evaluate/embedder/embedderMessages.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import type { Store } from '../../store/store.ts';
import { refuseGiven } from '../experiment/givenOfRun.ts';
import { noSuchRun } from '../experiment/noSuchRun.ts';
import { storedPlan } from '../experiment/storedPlan.ts';

/** A finished run as pictures from outside are tried on it. */
export interface TrialRun {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
  readonly model: EmbeddedModel;
  /** How a face is cut out of a picture, as it was for training. */
  readonly cut: Cut;
  /** Pictures that the run knows; null where its prepared set is gone. */
  readonly set: PreparedSet | null;
  /** Places in the prepared set, by the SHA-256 of the source file. */
  readonly known: ReadonlyMap<string, number>;
  /** Thresholds on people who were never trained on; empty where the split holds out nobody. */
  readonly rates: readonly IdentificationRate[];
}

/** A run in words. */
export const trialName = ({ arm, seed }: Pick<TrialRun, 'arm' | 'seed'>): string => `${arm}, seed ${seed}`;

/** What trying a run needs. Throws 'wrong-input' where it is not trained, or where nobody knows how faces were cut. */
export function trialRun(store: Store, id: string): TrialRun {
  const row = store.run(id);
  if (!row) throw noSuchRun(id);
  refuseGiven(store, row, 'it cannot be tried on pictures here');
  const stored = store.plan(row.planHash);
  const weights = store.artefacts(id).find(({ kind }) => kind === 'weights')?.path;
  if (!stored || weights === undefined)
    throw new ArcBenchError(
      'wrong-input',
      `The run ${id} is ${row.status} and has no weights yet: a trained run was expected; finish it with ` +
        `\`arcbench runs resume ${id}\`.`,
    );
  if (!existsSync(weights))
    throw new ArcBenchError(
      'damaged',
      `The weights of run ${id} are gone (${weights}): delete the run and train it again.`,
    );
  const plan = storedPlan(stored);
  const set = preparedSetOf(store, id);
  const { identification } = (store.result(id, 'summary') as TrainedSummary | null)?.evaluation ?? {};
  return {
    id,
    arm: row.arm,
    seed: row.seed,
    model: {
      key: `${id} ${statSync(weights).mtimeMs}`,
      model: plan.model,
      inputSize: plan.prepare.inputSize,
      weights,
      flip: plan.evaluation.flip,
    },
    cut: cutOf(plan.prepare, set, id),
    set,
    known: new Map(set?.images.map(({ contentHash }, index) => [contentHash, index])),
    rates: identification ? identificationRatesOf(identification) : [],
  };
}

function preparedSetOf(store: Store, id: string): PreparedSet | null {
  const faces = store.result(id, 'faces') as { readonly prepared: string } | null;
  const folder = faces && workspaceFolders(store.workspace).preparedSet(faces.prepared);
  return folder && existsSync(folder) ? openPreparedSet(folder) : null;
}

/** How the pictures of a run were cut. `auto` means what its prepared set shows. */
function cutOf({ alignment, inputSize, faceRatio }: Plan['prepare'], set: PreparedSet | null, id: string): Cut {
  switch (alignment) {
    case 'detect':
    case 'landmarks':
      return { kind: 'landmarks', inputSize };
    case 'centreCrop':
      return { kind: 'centreCrop', inputSize, faceRatio };
    case 'whole':
      return { kind: 'whole', inputSize };
    case 'auto':
      if (!set)
        throw new ArcBenchError(
          'wrong-input',
          `The prepared faces of run ${id} are gone, and with them how they were cut: run its experiment again, ` +
            'which prepares them.',
        );
      return set.images.some(({ landmarks }) => landmarks !== undefined)
        ? { kind: 'landmarks', inputSize }
        : { kind: 'centreCrop', inputSize, faceRatio };
  }
}
