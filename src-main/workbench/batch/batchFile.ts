import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import { experimentSchema } from '../../../src-shared/experiment.ts';
import { workspaceFolders } from '../../files/workspaceFolders.ts';
import { writeWhole } from '../../files/writeWhole.ts';

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
    .array(z.strictObject({ id: z.string(), arm: z.string(), seed: z.int() }))
    .refine((runs) => new Set(runs.map(({ id }) => id)).size === runs.length, { error: 'a run is there twice' }),
  /** Slurm's ids of the array jobs, oldest first. */
  jobs: z.array(z.string()),
});
/**
 * What the tasks of a submitted experiment read: the plan as it was then, where the faces are, and which task trains
 * which run.
 */
export type Batch = z.infer<typeof batchSchema>;

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
  if (!existsSync(batchPath(batchFolder))) return null;
  try {
    return batchSchema.parse(JSON.parse(readFileSync(batchPath(batchFolder), 'utf8')));
  } catch (cause) {
    throw new ArcBenchError(
      'damaged',
      `${batchPath(batchFolder)} is not what \`arcbench submit\` wrote: submit the experiment again.`,
      { cause },
    );
  }
}
