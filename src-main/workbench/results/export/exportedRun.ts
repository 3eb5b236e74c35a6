import { existsSync } from 'node:fs';
import { ancestrySchema, type Ancestry } from '../../../../src-shared/ancestry.ts';
import { isTrained, type Setting, type TrainedArm } from '../../../../src-shared/arms.ts';
import { planOfArm, type Plan } from '../../../../src-shared/experiment.ts';
import { identificationRatesOf } from '../../../../src-shared/evaluation.ts';
import type { IdentificationRate } from '../../../../src-shared/maths/identificationRate.ts';
import type { TrainedSummary } from '../../../../src-shared/trainedSummary.ts';
import { tuningTrials } from '../../../../src-shared/tune.ts';
import { openPreparedSet } from '../../../data/preparedSet.ts';
import { workspaceFolders } from '../../../files/workspaceFolders.ts';
import type { RunRow, Store } from '../../../store/store.ts';
import { storedPlan } from '../../experiment/storedPlan.ts';

/** A run with the plan and the arm that it was trained with. */
export interface ExportedRun {
  readonly run: RunRow;
  /** The plan whose training and model are those of the arm. */
  readonly plan: Plan;
  readonly arm: TrainedArm;
  /** Null in runs that were not trained to their end. */
  readonly summary: TrainedSummary | null;
  /** Where its weights began; null where they were drawn or of ImageNet. */
  readonly ancestry?: Ancestry | null;
  /** How the faces were aligned; as the plan asks where the prepared set is gone. */
  readonly alignment: string;
}

/** What the store holds of a run that is exported; null where its plan is not there, or nothing was trained. */
export function exportedRun(store: Store, run: RunRow): ExportedRun | null {
  const stored = store.plan(run.planHash);
  const plan = stored && storedPlan(stored);
  const arm = plan && [...plan.arms, ...tuningTrials(plan)].find(({ name }) => name === run.arm);
  if (!plan || !arm || !isTrained(arm)) return null;
  const tuned = store.result(run.id, 'tuned') as Record<string, Setting> | null;
  const trained = tuned === null ? arm : { ...arm, settings: { ...arm.settings, ...tuned } };
  return {
    run,
    plan: planOfArm(plan, trained),
    arm: trained,
    summary: store.result(run.id, 'summary') as TrainedSummary | null,
    ancestry: ancestrySchema.nullable().catch(null).parse(store.result(run.id, 'ancestry')),
    alignment: preparedAlignment(store, run.id) ?? plan.prepare.alignment,
  };
}

/** How the faces that a run trained on were aligned; null where they are not in the workspace any more. */
function preparedAlignment(store: Store, run: string): string | null {
  const faces = store.result(run, 'faces') as { readonly prepared: string } | null;
  const folder = faces && workspaceFolders(store.workspace).preparedSet(faces.prepared);
  return folder && existsSync(folder) ? openPreparedSet(folder).alignment : null;
}

/** The rates of identification that enough pairs of different people carry, each with its threshold; a cosine. */
export function carriedRates({ summary }: ExportedRun): readonly IdentificationRate[] {
  const identification = summary?.evaluation?.identification;
  return identification ? identificationRatesOf(identification).filter(({ carried }) => carried) : [];
}
