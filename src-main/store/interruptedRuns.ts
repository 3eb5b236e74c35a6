import type Database from 'better-sqlite3';
import type { RunRow } from './runs.ts';
import { isWritten } from './writerLock.ts';

/** What a run says whose process ended without a word. */
export const interruptedMessage =
  'The workbench ended while this run trained; resume goes on from its last checkpoint.';

interface RunList {
  runs(planHash?: string): RunRow[];
  runPage(limit: number, before?: Pick<RunRow, 'createdAt' | 'id'>): RunRow[];
  run(id: string): RunRow | null;
}

/** Ends the runs that a dead process left running. The caller has just become the only writer of the workspace. */
export function endInterruptedRuns(database: Database.Database): void {
  database.prepare("UPDATE run SET status = 'cancelled', message = ? WHERE status = 'running'").run(interruptedMessage);
}

/** The same lists for one who only reads: a run that is kept as running, but that no process writes, is cancelled. */
export function interruptedRuns({ runs, runPage, run }: RunList, workspace: string): RunList {
  const asTheyAre = (rows: RunRow[]): RunRow[] =>
    rows.some(({ status }) => status === 'running') && !isWritten(workspace) ? rows.map(interrupted) : rows;
  return {
    runs: (planHash) => asTheyAre(runs(planHash)),
    runPage: (limit, before) => asTheyAre(runPage(limit, before)),
    run: (id) => asTheyAre([run(id)].filter((row) => row !== null))[0] ?? null,
  };
}

const interrupted = (row: RunRow): RunRow =>
  row.status === 'running' ? { ...row, status: 'cancelled', message: interruptedMessage } : row;
