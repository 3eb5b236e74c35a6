import type Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import type { RunStatus } from '../../src-shared/api.ts';
import type { MetricPoint } from './metricPoint.ts';
import type { StoreChange } from './storeChange.ts';

export interface RunRow {
  readonly id: string; readonly experiment: string; readonly arm: string; readonly seed: number; readonly planHash: string; readonly splitHash: string;
  readonly status: RunStatus; readonly createdAt: string; readonly finishedAt: string | null; readonly message: string | null; readonly initialWeightsHash: string | null;
}
export interface EventRow { readonly run: string | null; readonly at: string; readonly kind: string; readonly message: string }
export interface LatestPoint { readonly run: string; readonly name: string; readonly step: number; readonly epoch: number; readonly value: number | null }
/** A file or folder that a run left behind, with its hash (null in rows of the first version). */
export interface Artefact { readonly kind: string; readonly path: string; readonly sha256: string | null }
export interface Annotation { readonly note: string; readonly starred: boolean }

/** The tables of runs and of what belongs to one: points, events, artefacts, results, notes. */
export function runTables(database: Database.Database, changed: (change: StoreChange) => void) {
  const insertPoint = database.prepare('INSERT OR REPLACE INTO point (run, name, step, epoch, value, at) VALUES (@run, @name, @step, @epoch, @value, @at)');
  const insertLatest = database.prepare('INSERT INTO latest (run, name, step, epoch, value) VALUES (@run, @name, @step, @epoch, @value) ON CONFLICT (run, name) DO UPDATE SET step = @step, epoch = @epoch, value = @value WHERE @step >= step');
  const addPoints = database.transaction((points: readonly MetricPoint[]) => {
    for (const point of points) insertPoint.run(point);
    const latest = new Map(points.map((point) => [`${point.run} ${point.name}`, point]));
    for (const { at: _, ...point } of latest.values()) insertLatest.run(point);
  });
  const now = () => new Date().toISOString();
  return {
    createRun: (run: Pick<RunRow, 'id' | 'experiment' | 'arm' | 'seed' | 'planHash' | 'splitHash'>) => {
      database.prepare("INSERT INTO run (id, experiment, arm, seed, planHash, splitHash, status, createdAt) VALUES (@id, @experiment, @arm, @seed, @planHash, @splitHash, 'queued', @createdAt)").run({ ...run, createdAt: now() });
      changed({ kind: 'run', id: run.id });
    },
    updateRun: (id: string, changes: Partial<Pick<RunRow, 'status' | 'finishedAt' | 'message' | 'initialWeightsHash'>>) => {
      const names = Object.keys(changes);
      if (names.length > 0) database.prepare(`UPDATE run SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`).run({ ...changes, id });
      changed({ kind: 'run', id });
    },
    runs: (planHash?: string): RunRow[] => (planHash === undefined ? database.prepare('SELECT * FROM run ORDER BY createdAt, id').all() : database.prepare('SELECT * FROM run WHERE planHash = ? ORDER BY createdAt, id').all(planHash)) as RunRow[],
    run: (id: string): RunRow | null => (database.prepare('SELECT * FROM run WHERE id = ?').get(id) as RunRow | undefined) ?? null,
    deleteRun: (id: string) => {
      database.prepare('DELETE FROM run WHERE id = ?').run(id);
      changed({ kind: 'run-deleted', id });
    },
    addPoints: (points: readonly MetricPoint[]) => {
      addPoints(points);
      changed({ kind: 'points', points });
    },
    /** A run's points of its epochs, or those of its steps, whose names begin with 'step/'. */
    points: (run: string, of: 'epochs' | 'steps' = 'epochs'): MetricPoint[] => {
      // Ranges of the primary key: the points of epochs are found without a walk over those of the steps.
      const select = (range: string) => `SELECT * FROM point WHERE run = @run AND ${range}`;
      const ranges = of === 'steps' ? ["name >= 'step/' AND name < 'step0'"] : ["name < 'step/'", "name >= 'step0'"];
      return database.prepare(`${ranges.map(select).join(' UNION ALL ')} ORDER BY name, step`).all({ run }) as MetricPoint[];
    },
    /** One curve of a run, by step, after a step that is known already. */
    curve: (run: string, name: string, after = -1): MetricPoint[] => database.prepare('SELECT * FROM point WHERE run = ? AND name = ? AND step > ? ORDER BY step').all(run, name, after) as MetricPoint[],
    /** The last point of each curve, of one run or of all. */
    latestPoints: (run?: string): LatestPoint[] => (run === undefined ? database.prepare('SELECT * FROM latest ORDER BY run, name').all() : database.prepare('SELECT * FROM latest WHERE run = ? ORDER BY name').all(run)) as LatestPoint[],
    addEvent: (run: string | null, kind: string, message: string) => { database.prepare('INSERT INTO event (run, at, kind, message) VALUES (?, ?, ?, ?)').run(run, now(), kind, message); },
    events: (run: string): EventRow[] => database.prepare('SELECT run, at, kind, message FROM event WHERE run = ? ORDER BY id').all(run) as EventRow[],
    saveArtefact: (run: string, artefact: Artefact) => { database.prepare('INSERT OR REPLACE INTO artefact (run, kind, path, sha256) VALUES (?, @kind, @path, @sha256)').run(run, artefact); },
    artefacts: (run: string): Artefact[] => database.prepare('SELECT kind, path, sha256 FROM artefact WHERE run = ? ORDER BY kind').all(run) as Artefact[],
    saveResult: (run: string, name: string, value: unknown) => { database.prepare('INSERT OR REPLACE INTO result VALUES (?, ?, ?)').run(run, name, JSON.stringify(value)); },
    forgetResult: (run: string, name: string) => { database.prepare('DELETE FROM result WHERE run = ? AND name = ?').run(run, name); },
    result: (run: string, name: string): unknown => {
      const row = database.prepare('SELECT value FROM result WHERE run = ? AND name = ?').get(run, name) as { value: string } | undefined;
      return row ? JSON.parse(row.value) : null;
    },
    /** SHA-256 over what the store holds of a run that has ended: its row, points, artefacts, results and events, its digest apart. */
    digest: (run: string): string => {
      const digest = createHash('sha256');
      for (const table of ['run WHERE id = ?', 'point WHERE run = ? ORDER BY name, step', 'artefact WHERE run = ? ORDER BY kind', "result WHERE run = ? AND name <> 'digest' ORDER BY name", 'event WHERE run = ? ORDER BY id']) {
        for (const row of database.prepare(`SELECT * FROM ${table}`).raw().iterate(run)) digest.update(`${JSON.stringify(row)}\n`);
      }
      return digest.digest('hex');
    },
    annotate: (run: string, { note, starred }: Annotation) => {
      database.prepare('INSERT OR REPLACE INTO annotation VALUES (?, ?, ?)').run(run, note, starred ? 1 : 0);
      changed({ kind: 'run', id: run });
    },
    annotation: (run: string): Annotation => {
      const row = database.prepare('SELECT note, starred FROM annotation WHERE run = ?').get(run) as { note: string; starred: number } | undefined;
      return { note: row?.note ?? '', starred: row?.starred === 1 };
    },
  };
}
