import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmPlan, Plan } from '../../../../src-shared/experiment.ts';
import { runFiles } from '../../../files/workspaceFolders.ts';
import { writeAllSync } from '../../../files/writeWholeSync.ts';
import type { Store } from '../../../store/store.ts';
import type { RunPoint } from '../../../train/pointStream.ts';
import { eventFileName } from './eventFileName.ts';
import {
  restartRecord,
  scalarRecord,
  sessionEndRecord,
  sessionStartRecord,
  versionRecord,
  type SessionStatus,
} from './eventRecords.ts';
import { hyperparametersOf } from './hyperparameters.ts';

/** An event file that grows while a run trains. */
export interface FollowedRun {
  readonly add: (points: readonly RunPoint[]) => void;
  /** Closes the file. A run that has only stopped gets no status. */
  readonly end: (status: SessionStatus | null) => void;
}

/**
 * Begins the event file of a run in its folder with the points that the store has, in place of that of an earlier
 * attempt. Whatever fails here is passed to `onFault` once and ends the file: training goes on without it.
 */
export function followRun(
  store: Store,
  {
    id,
    plan,
    arm,
    folder,
  }: { readonly id: string; readonly plan: Plan; readonly arm: ArmPlan; readonly folder: string },
  onFault: (error: unknown) => void,
): FollowedRun {
  const { tensorboard } = runFiles(folder);
  const lastSteps = new Map<string, number>();
  let file: number | null = null;
  const attempt = (write: (open: number) => void): void => {
    if (file === null) return;
    try {
      write(file);
    } catch (error) {
      closeSync(file);
      file = null;
      onFault(error);
    }
  };
  const add = (points: readonly Omit<RunPoint, 'epoch'>[]) =>
    attempt((open) => {
      const records = points.flatMap(({ name, step, at, value }) => {
        // A run that goes on from a checkpoint measures the steps behind it again.
        const isAgain = step <= (lastSteps.get(name) ?? -1);
        if (isAgain) for (const [known, last] of lastSteps) if (last >= step) lastSteps.set(known, step - 1);
        lastSteps.set(name, step);
        return [...(isAgain ? [restartRecord(at, step)] : []), scalarRecord(name, { step, at, value })];
      });
      writeAllSync(open, Buffer.concat(records));
    });
  try {
    rmSync(tensorboard, { recursive: true, force: true });
    mkdirSync(tensorboard, { recursive: true });
    const begun = Date.now();
    file = openSync(join(tensorboard, eventFileName(begun)), 'wx', 0o600);
    const start = sessionStartRecord(begun, { group: arm.name, hyperparameters: hyperparametersOf(plan, arm) });
    attempt((open) => writeAllSync(open, Buffer.concat([versionRecord(begun), start])));
  } catch (error) {
    onFault(error);
  }
  add([...store.points(id, 'epochs'), ...store.points(id, 'steps')]);
  return {
    add,
    end: (status) => {
      if (status !== null) attempt((open) => writeAllSync(open, sessionEndRecord(Date.now(), status)));
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
