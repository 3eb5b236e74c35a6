import Database from 'better-sqlite3';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { Plan } from '../../src-shared/experiment.ts';
import { first } from './migrations/2026-11-24-first.ts';
import { lockWorkspace } from './writerLock.ts';

const migrations = [first] as const;
const applicationId = 0x41524342; // "ARCB"

export type RunStatus = 'queued' | 'running' | 'trained' | 'done' | 'failed' | 'cancelled';
export interface RunRow {
  readonly id: string; readonly experiment: string; readonly arm: string; readonly seed: number; readonly planHash: string; readonly splitHash: string;
  readonly status: RunStatus; readonly createdAt: string; readonly finishedAt: string | null; readonly message: string | null; readonly initialWeightsHash: string | null;
}
export interface MetricPoint { readonly run: string; readonly name: string; readonly step: number; readonly epoch: number; readonly value: number; readonly at: number }
export interface EventRow { readonly run: string | null; readonly at: string; readonly kind: string; readonly message: string }

/** The workspace's SQLite database: all that is known of datasets, splits, plans and runs. */
export type Store = ReturnType<typeof openStore>;

/** Opens a workspace's store, making and migrating it where needed. Throws 'busy' where another process writes, 'damaged' where the file is no whole database. */
export function openStore(workspace: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
  const path = join(workspace, 'arcbench.db');
  if (readOnly && !existsSync(path)) throw new ArcBenchError('wrong-input', `There is no workspace at ${workspace}: run an experiment first, or name its folder with --workspace.`);
  try {
    for (const name of ['prepared', 'splits', 'runs', 'reports']) mkdirSync(join(workspace, name), { recursive: true });
  } catch (cause) {
    throw new ArcBenchError('wrong-input', `The workspace ${workspace} cannot be made: choose a folder that can be written with --workspace.`, { cause });
  }
  const unlock = readOnly ? () => undefined : lockWorkspace(workspace);
  let database: Database.Database;
  try {
    database = openDatabase(path, readOnly);
  } catch (error) {
    unlock();
    throw error;
  }
  const insertPoint = database.prepare('INSERT OR REPLACE INTO point (run, name, step, epoch, value, at) VALUES (@run, @name, @step, @epoch, @value, @at)');
  const now = () => new Date().toISOString();
  return {
    workspace,
    saveDataset: (dataset: { hash: string; source: string; layout: string; images: number; people: number; rejected: unknown }) => {
      database.prepare('INSERT OR REPLACE INTO dataset VALUES (@hash, @source, @layout, @images, @people, @rejected)').run({ ...dataset, rejected: JSON.stringify(dataset.rejected) });
    },
    saveSplit: (split: { hash: string; seed: number; rule: unknown; folder: string; manifestHash: string; audit: unknown }) => {
      database.prepare('INSERT INTO split VALUES (@hash, @seed, @rule, @folder, @manifestHash, @audit) ON CONFLICT (hash) DO UPDATE SET rule = @rule, folder = @folder, manifestHash = @manifestHash, audit = @audit')
        .run({ ...split, rule: JSON.stringify(split.rule), audit: JSON.stringify(split.audit) });
    },
    savePlan: (hash: string, plan: Plan) => { database.prepare('INSERT OR IGNORE INTO plan VALUES (?, ?)').run(hash, JSON.stringify(plan)); },
    plan: (hash: string): Plan | null => {
      const row = database.prepare('SELECT plan FROM plan WHERE hash = ?').get(hash) as { plan: string } | undefined;
      return row ? (JSON.parse(row.plan) as Plan) : null;
    },
    createRun: (run: Pick<RunRow, 'id' | 'experiment' | 'arm' | 'seed' | 'planHash' | 'splitHash'>) => {
      database.prepare("INSERT INTO run (id, experiment, arm, seed, planHash, splitHash, status, createdAt) VALUES (@id, @experiment, @arm, @seed, @planHash, @splitHash, 'queued', @createdAt)").run({ ...run, createdAt: now() });
    },
    updateRun: (id: string, changes: Partial<Pick<RunRow, 'status' | 'finishedAt' | 'message' | 'initialWeightsHash'>>) => {
      const names = Object.keys(changes);
      if (names.length > 0) database.prepare(`UPDATE run SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`).run({ ...changes, id });
    },
    runs: (planHash?: string): RunRow[] => (planHash === undefined ? database.prepare('SELECT * FROM run ORDER BY createdAt, id').all() : database.prepare('SELECT * FROM run WHERE planHash = ? ORDER BY createdAt, id').all(planHash)) as RunRow[],
    run: (id: string): RunRow | null => (database.prepare('SELECT * FROM run WHERE id = ?').get(id) as RunRow | undefined) ?? null,
    deleteRun: (id: string) => { database.prepare('DELETE FROM run WHERE id = ?').run(id); },
    addPoints: database.transaction((points: readonly MetricPoint[]) => { for (const point of points) insertPoint.run(point); }),
    /** A run's points of its epochs, or those of its steps, whose names begin with 'step/'. */
    points: (run: string, of: 'epochs' | 'steps' = 'epochs'): MetricPoint[] => {
      // Ranges of the primary key: the points of epochs are found without a walk over those of the steps.
      const select = (range: string) => `SELECT * FROM point WHERE run = @run AND ${range}`;
      const ranges = of === 'steps' ? ["name >= 'step/' AND name < 'step0'"] : ["name < 'step/'", "name >= 'step0'"];
      return database.prepare(`${ranges.map(select).join(' UNION ALL ')} ORDER BY name, step`).all({ run }) as MetricPoint[];
    },
    /** One curve of a run, by step, after a step that is known already. */
    curve: (run: string, name: string, after = -1): MetricPoint[] => database.prepare('SELECT * FROM point WHERE run = ? AND name = ? AND step > ? ORDER BY step').all(run, name, after) as MetricPoint[],
    addEvent: (run: string | null, kind: string, message: string) => { database.prepare('INSERT INTO event (run, at, kind, message) VALUES (?, ?, ?, ?)').run(run, now(), kind, message); },
    events: (run: string): EventRow[] => database.prepare('SELECT run, at, kind, message FROM event WHERE run = ? ORDER BY id').all(run) as EventRow[],
    saveArtefact: (run: string, kind: string, path: string) => { database.prepare('INSERT OR REPLACE INTO artefact VALUES (?, ?, ?)').run(run, kind, path); },
    artefacts: (run: string): { kind: string; path: string }[] => database.prepare('SELECT kind, path FROM artefact WHERE run = ? ORDER BY kind').all(run) as { kind: string; path: string }[],
    saveResult: (run: string, name: string, value: unknown) => { database.prepare('INSERT OR REPLACE INTO result VALUES (?, ?, ?)').run(run, name, JSON.stringify(value)); },
    result: (run: string, name: string): unknown => {
      const row = database.prepare('SELECT value FROM result WHERE run = ? AND name = ?').get(run, name) as { value: string } | undefined;
      return row ? JSON.parse(row.value) : null;
    },
    close: () => {
      database.close();
      unlock();
    },
  };
}

function openDatabase(path: string, readOnly: boolean): Database.Database {
  const damaged = (cause?: unknown) => new ArcBenchError('damaged', `${path} is not a whole ArcBench database: move it away to start anew, or bring it back from a copy.`, { cause });
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { readonly: readOnly });
    const version = database.pragma('user_version', { simple: true }) as number;
    const application = database.pragma('application_id', { simple: true }) as number;
    if (application !== applicationId && (application !== 0 || version !== 0)) throw damaged();
    if (version > migrations.length) throw new ArcBenchError('wrong-input', `${path} was made by a newer ArcBench (its version is ${version}, this one knows ${migrations.length}): update ArcBench, or choose another workspace.`);
    if (database.pragma('quick_check', { simple: true }) !== 'ok') throw damaged();
    if (!readOnly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      const open = database;
      database.transaction(() => {
        open.pragma(`application_id = ${applicationId}`);
        for (const migration of migrations.slice(version)) open.exec(migration);
        open.pragma(`user_version = ${migrations.length}`);
      })();
    }
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof ArcBenchError ? error : damaged(error);
  }
}
