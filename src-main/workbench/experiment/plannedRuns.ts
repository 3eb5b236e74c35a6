import { createHash } from 'node:crypto';
import type { Plan } from '../../../src-shared/experiment.ts';
import type { Split } from '../../split/makeSplit.ts';
import { planHash } from './planHash.ts';

export interface PlannedRun {
  readonly id: string;
  readonly arm: string;
  readonly seed: number;
}

/** Every run that a plan asks for, in the order in which they run. */
export function plannedRuns(plan: Plan, split: Split): PlannedRun[] {
  const hash = planHash(plan); // once: it reads the whole plan
  return plan.seeds.flatMap((seed) =>
    plan.arms.map(({ name: arm }) => ({ id: runId([hash, split.hash, arm, seed]), arm, seed })),
  );
}

/** Id of the run of one arm with one seed on one split: the same plan gives the same run. */
const runId = (parts: readonly [plan: string, split: string, arm: string, seed: number]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
