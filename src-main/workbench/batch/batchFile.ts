import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { armSchema } from '../../../src-shared/arms.ts';
import type { PlannedRun } from '../experiment/plannedRun.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { writeWhole } from '../../files/writeWhole.ts';
import { readFault } from '../../files/readFault.ts';

const batchRunSchema = z.strictObject({
  id: z.string(),
  arm: z.string(),
  seed: z.int(),
  /** Tuning runs are trained before those of the comparison are known. */
  role: z.enum(['tuning', 'comparison']).default('comparison'),
  /** The settings that tuning chose for the arm. */
  settings: armSchema.shape.settings,
  /** Of the run, where each seed draws its own split. */
  splitHash: z.string().optional(),
});

const batchSchema = z.strictObject({
  plan: experimentSchema,
  planHash: z.string(),
  prepared: z.string(),
  /** Absent in batches of older versions. */
  dataset: z.string().optional(),
  splitHash: z.string(),
  baseFolder: z.string(),
  rerunCommand: z.string(),
  /** One run for each task; the index is the task's number. */
  runs: z
    .array(batchRunSchema)
    .refine((runs) => new Set(runs.map(({ id }) => id)).size === runs.length, { error: 'a run is there twice' }),
  /** Slurm's ids of the array jobs, oldest first. */
  jobs: z.array(z.string()),
});
/**
 * What the tasks of a submitted experiment read: the plan as it was then, where the faces are, and which task trains
 * which run.
 */
export type Batch = z.infer<typeof batchSchema>;

export type BatchRun = Batch['runs'][number];

/** A run as its task reads it. */
export const batchRunOf = ({ id, arm, seed, role, armPlan, split }: PlannedRun, { tune }: Batch['plan']): BatchRun => ({
  id,
  arm,
  seed,
  role,
  ...(tune && role === 'comparison' && armPlan.settings ? { settings: armPlan.settings } : {}),
  splitHash: split.hash,
});

export const batchFolderOf = (workspace: string, planHash: string): string =>
  workspaceFolders(workspace).batch(planHash);
/** The workspace that a batch's folder lies in. */
export const workspaceOf = (batchFolder: string): string => resolve(batchFolder, '..', '..');
/** A task has a workspace of its own: the store of one workspace has one writer. */
export const taskWorkspaceOf = (batchFolder: string, number: number): string => join(batchFolder, `task-${number}`);
export const taskLogOf = (batchFolder: string, number: number | '%a'): string =>
  join(batchFolder, `task-${number}.log`);
export const arrayScriptOf = (batchFolder: string): string => join(batchFolder, 'array.sh');
export const collectScriptOf = (batchFolder: string): string => join(batchFolder, 'collect.sh');
const batchPath = (batchFolder: string): string => join(batchFolder, 'batch.json');

export const writeBatch = (batchFolder: string, batch: Batch): Promise<void> =>
  writeWhole(batchPath(batchFolder), `${JSON.stringify(batch, null, 1)}\n`);

/** Reads what a batch was submitted with; null where nothing was. Throws 'damaged'. */
export function readBatch(batchFolder: string): Batch | null {
  const found = statSync(batchPath(batchFolder), { throwIfNoEntry: false });
  if (!found) return null;
  try {
    if (!found.isFile()) throw new Error('it is no file'); // a pipe would be waited for
    return batchSchema.parse(JSON.parse(readFileSync(batchPath(batchFolder), 'utf8')));
  } catch (cause) {
    throw (
      readFault(cause, batchPath(batchFolder)) ??
      new ArcBenchError(
        'damaged',
        `${batchPath(batchFolder)} is not what \`arcbench submit\` wrote: submit the experiment again.`,
        { cause },
      )
    );
  }
}
