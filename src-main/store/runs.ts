import type Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { CurveRange } from '../../src-shared/api.ts';
import type { RunStatus } from '../../src-shared/answers/runAnswers.ts';
import type { ValCurve } from '../../src-shared/valCurve.ts';
import { pathOfRun, storedPaths } from '../files/storedPaths.ts';
import { workspaceFolders } from '../files/workspaceFolders.ts';
import type { MetricPoint, StoreChange } from './storeChange.ts';

export interface RunRow {
  readonly id: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly planHash: string;
  readonly splitHash: string;
  readonly status: RunStatus;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  readonly message: string | null;
  readonly initialWeightsHash: string | null;
}
export interface EventRow {
  readonly run: string | null;
  readonly at: string;
  readonly kind: string;
  readonly message: string;
  /** What the message says, as data; null where there is only the message. */ readonly details: unknown;
}
/** A point of one curve; a tuple, since a curve may have a hundred thousand. */
export type CurveRow = readonly [step: number, epoch: number, value: number | null, at: number];
export interface LatestPoint {
  readonly run: string;
  readonly name: string;
  readonly step: number;
  readonly epoch: number;
  readonly value: number | null;
}
/** A file or folder that a run made, with its hash (null in rows of the first version). */
export interface Artefact {
  readonly kind: string;
  readonly path: string;
  readonly sha256: string | null;
}
export interface Annotation {
  readonly note: string;
  readonly starred: boolean;
}
/** All rows of a run, as they go from one store into another. The details of its events are JSON text. */
export interface RunRecord {
  readonly run: RunRow;
  readonly points: readonly MetricPoint[];
  readonly latest: readonly LatestPoint[];
  readonly events: readonly EventRow[];
  readonly artefacts: readonly Artefact[];
  readonly results: Readonly<Record<string, unknown>>;
  readonly annotation: Annotation | null;
}

/**
 * The tables of runs and of what belongs to one: points, events, artefacts, results, notes. The paths of artefacts are
 * kept relative to the workspace.
 */
export function runTables(database: Database.Database, workspace: string, changed: (change: StoreChange) => void) {
  const { run: folderOf } = workspaceFolders(resolve(workspace));
  const { stored } = storedPaths(workspace);
  const statements = new Map<string, Database.Statement>(); // reused: a list of runs asks the same of each
  const prepare = (source: string): Database.Statement => {
    const known = statements.get(source) ?? database.prepare(source);
    statements.set(source, known);
    return known;
  };
  const insertPoint = prepare(
    'INSERT OR REPLACE INTO point (run, name, step, epoch, value, at) VALUES (@run, @name, @step, @epoch, @value, @at)',
  );
  const insertLatest = prepare(
    'INSERT INTO latest (run, name, step, epoch, value) VALUES (@run, @name, @step, @epoch, @value) ON ' +
      'CONFLICT (run, name) DO UPDATE SET step = @step, epoch = @epoch, value = @value WHERE @step >= step',
  );
  const addPoints = database.transaction((points: readonly MetricPoint[]) => {
    for (const point of points) insertPoint.run(point);
    const latest = new Map(points.map((point) => [`${point.run} ${point.name}`, point]));
    for (const { at: _, ...point } of latest.values()) insertLatest.run(point);
  });
  const now = () => new Date().toISOString();
  const annotation = (run: string): Annotation => {
    const row = prepare('SELECT note, starred FROM annotation WHERE run = ?').get(run) as
      { note: string; starred: number } | undefined;
    return { note: row?.note ?? '', starred: row?.starred === 1 };
  };
  /** When the first point of a curve was measured. */
  const startOf = (run: string, name: string): number => {
    const first = prepare('SELECT at FROM point WHERE run = @run AND name = @name ORDER BY step LIMIT 1');
    return (first.get({ run, name }) as { at: number } | undefined)?.at ?? 0;
  };
  return {
    createRun: (run: Pick<RunRow, 'id' | 'experiment' | 'arm' | 'seed' | 'planHash' | 'splitHash'>) => {
      prepare(
        'INSERT INTO run (id, experiment, arm, seed, planHash, splitHash, status, createdAt) VALUES (@id, ' +
          "@experiment, @arm, @seed, @planHash, @splitHash, 'queued', @createdAt)",
      ).run({ ...run, createdAt: now() });
      changed({ kind: 'run', id: run.id });
    },
    updateRun: (
      id: string,
      changes: Partial<Pick<RunRow, 'status' | 'finishedAt' | 'message' | 'initialWeightsHash'>>,
    ) => {
      const names = Object.keys(changes);
      if (names.length > 0)
        prepare(`UPDATE run SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`).run({
          ...changes,
          id,
        });
      changed({ kind: 'run', id });
    },
    runs: (planHash?: string): RunRow[] =>
      (planHash === undefined
        ? prepare('SELECT * FROM run ORDER BY createdAt, id').all()
        : prepare('SELECT * FROM run WHERE planHash = ? ORDER BY createdAt, id').all(planHash)) as RunRow[],
    /** The newest runs, or the newest before a given one, in the order in which they began. */
    runPage: (limit: number, before?: Pick<RunRow, 'createdAt' | 'id'>): RunRow[] =>
      (
        prepare(
          `SELECT * FROM run ${before ? 'WHERE (createdAt, id) < (@createdAt, @id)' : ''} ORDER BY createdAt ` +
            'DESC, id DESC LIMIT @limit',
        ).all({ ...before, limit }) as RunRow[]
      ).reverse(),
    run: (id: string): RunRow | null =>
      (prepare('SELECT * FROM run WHERE id = ?').get(id) as RunRow | undefined) ?? null,
    deleteRun: (id: string) => {
      prepare('DELETE FROM run WHERE id = ?').run(id);
      changed({ kind: 'run-deleted', id });
    },
    addPoints: (points: readonly MetricPoint[]) => {
      addPoints.immediate(points);
      changed({ kind: 'points', points });
    },
    /** A run's points of its epochs, or those of its steps, whose names begin with 'step/'. */
    points: (run: string, of: 'epochs' | 'steps' = 'epochs'): MetricPoint[] => {
      // Ranges of the primary key: the points of epochs are found without a walk over those of the steps.
      const select = (range: string) => `SELECT * FROM point WHERE run = @run AND ${range}`;
      const ranges = of === 'steps' ? ["name >= 'step/' AND name < 'step0'"] : ["name < 'step/'", "name >= 'step0'"];
      return prepare(`${ranges.map(select).join(' UNION ALL ')} ORDER BY name, step`).all({ run }) as MetricPoint[];
    },
    /** One curve of a run, by step, from the step after `after`. */
    curve: (run: string, name: string, after = -1): CurveRow[] =>
      prepare('SELECT step, epoch, value, at FROM point WHERE run = ? AND name = ? AND step > ? ORDER BY step')
        .raw()
        .all(run, name, after) as CurveRow[],
    /**
     * The part of a curve that lies within a range, with the point before it and the one behind it, so that a line goes
     * through both edges.
     */
    curveWithin: (run: string, name: string, range: CurveRange): CurveRow[] => {
      const of = 'FROM point WHERE run = @run AND name = @name';
      const begun = range.by === 'elapsed' ? startOf(run, name) : 0;
      const column = range.by === 'epoch' || range.by === 'step' ? range.by : 'at';
      const edges = { run, name, from: range.from + begun, to: range.to + begun };
      const within =
        column === 'step'
          ? { first: edges.from, last: edges.to }
          : (prepare(`SELECT min(step) AS first, max(step) AS last ${of} AND ${column} BETWEEN @from AND @to`).get(
              edges,
            ) as { first: number | null; last: number | null });
      if (within.first === null || within.last === null) return [];
      return prepare(
        `SELECT step, epoch, value, at ${of} AND step >= coalesce((SELECT step ${of} AND step < @first ORDER ` +
          `BY step DESC LIMIT 1), @first) AND step <= coalesce((SELECT step ${of} AND step > @last ORDER BY ` +
          'step LIMIT 1), @last) ORDER BY step',
      )
        .raw()
        .all({ run, name, ...within }) as CurveRow[];
    },
    /** The last `count` values of a curve that are numbers and lie before a step, oldest first. */
    valuesBefore: (
      run: string,
      name: string,
      { step, count }: { readonly step: number; readonly count: number },
    ): number[] =>
      (
        prepare(
          'SELECT value FROM point WHERE run = ? AND name = ? AND step < ? AND value IS NOT NULL ORDER BY ' +
            'step DESC LIMIT ?',
        )
          .pluck()
          .all(run, name, step, count) as number[]
      ).reverse(),
    /**
     * The points of the epoch that judges a run: the best on val so far by a curve, as isBetterEpoch has it. Empty
     * before the first epoch ends.
     */
    judgedPoints: (run: string, selected: ValCurve = 'val/accuracy'): LatestPoint[] => {
      const names = prepare("SELECT name FROM latest WHERE run = ? AND NOT name GLOB 'step/*'")
        .pluck()
        .all(run) as string[];
      const step = prepare(
        "SELECT own.step FROM point own LEFT JOIN point loss ON loss.run = own.run AND loss.name = 'val/loss' AND " +
          'loss.step = own.step WHERE own.run = ? AND own.name = ? AND own.value IS NOT NULL ORDER BY own.value ' +
          'DESC, loss.value IS NULL, loss.value, own.step LIMIT 1',
      )
        .pluck()
        .get(run, selected) as number | undefined;
      if (step === undefined) return [];
      const point = prepare('SELECT run, name, step, epoch, value FROM point WHERE run = ? AND name = ? AND step = ?');
      return names.flatMap((name) => (point.get(run, name, step) as LatestPoint | undefined) ?? []);
    },
    /** The last point of each curve, of one run or of all. */
    latestPoints: (run?: string): LatestPoint[] =>
      (run === undefined
        ? prepare('SELECT * FROM latest ORDER BY run, name').all()
        : prepare('SELECT * FROM latest WHERE run = ? ORDER BY name').all(run)) as LatestPoint[],
    addEvent: (run: string | null, event: Pick<EventRow, 'kind' | 'message'> & { readonly details?: unknown }) => {
      prepare('INSERT INTO event (run, at, kind, message, details) VALUES (?, ?, ?, ?, ?)').run(
        run,
        now(),
        event.kind,
        event.message,
        event.details === undefined ? null : JSON.stringify(event.details),
      );
    },
    events: (run: string): EventRow[] =>
      (
        prepare('SELECT run, at, kind, message, details FROM event WHERE run = ? ORDER BY id').all(run) as (EventRow & {
          readonly details: string | null;
        })[]
      ).map((event) => ({ ...event, details: event.details === null ? null : (JSON.parse(event.details) as unknown) })),
    saveArtefact: (run: string, artefact: Artefact) => {
      prepare('INSERT OR REPLACE INTO artefact (run, kind, path, sha256) VALUES (?, @kind, @path, @sha256)').run(run, {
        ...artefact,
        path: stored(artefact.path),
      });
    },
    artefacts: (run: string): Artefact[] =>
      (prepare('SELECT kind, path, sha256 FROM artefact WHERE run = ? ORDER BY kind').all(run) as Artefact[]).map(
        (artefact) => ({ ...artefact, path: pathOfRun(folderOf(run), run, artefact.path) }),
      ),
    saveResult: (run: string, name: string, value: unknown) => {
      prepare('INSERT OR REPLACE INTO result VALUES (?, ?, ?)').run(run, name, JSON.stringify(value));
    },
    forgetResult: (run: string, name: string) => {
      prepare('DELETE FROM result WHERE run = ? AND name = ?').run(run, name);
    },
    result: (run: string, name: string): unknown => {
      const row = prepare('SELECT value FROM result WHERE run = ? AND name = ?').get(run, name) as
        { value: string } | undefined;
      return row ? JSON.parse(row.value) : null;
    },
    /**
     * SHA-256 over what the store holds of a run that has ended: its row, points, artefacts, events, and results other
     * than this digest.
     */
    digest: (run: string): string => {
      const digest = createHash('sha256');
      for (const table of [
        'run WHERE id = ?',
        'point WHERE run = ? ORDER BY name, step',
        'artefact WHERE run = ? ORDER BY kind',
        "result WHERE run = ? AND name <> 'digest' ORDER BY name",
        'event WHERE run = ? ORDER BY id',
      ]) {
        for (const row of database.prepare(`SELECT * FROM ${table}`).raw().iterate(run))
          digest.update(`${JSON.stringify(row)}\n`);
      }
      return digest.digest('hex');
    },
    annotate: (run: string, { note, starred }: Annotation) => {
      prepare('INSERT OR REPLACE INTO annotation VALUES (?, ?, ?)').run(run, note, starred ? 1 : 0);
      changed({ kind: 'run', id: run });
    },
    annotation,
    /** All that is kept of a run; null where there is none. */
    record: (id: string): RunRecord | null => {
      const run = prepare('SELECT * FROM run WHERE id = ?').get(id) as RunRow | undefined;
      if (!run) return null;
      const of = <T>(rows: string) => prepare(rows).all(id) as T[];
      const { note, starred } = annotation(id);
      return {
        run,
        points: of('SELECT * FROM point WHERE run = ? ORDER BY name, step'),
        latest: of('SELECT * FROM latest WHERE run = ?'),
        events: of('SELECT run, at, kind, message, details FROM event WHERE run = ? ORDER BY id'),
        artefacts: of('SELECT kind, path, sha256 FROM artefact WHERE run = ?'),
        results: Object.fromEntries(
          of<{ name: string; value: string }>('SELECT name, value FROM result WHERE run = ? ORDER BY rowid').map(
            ({ name, value }) => [name, JSON.parse(value)],
          ),
        ),
        annotation: note === '' && !starred ? null : { note, starred },
      };
    },
    /** Writes the rows of a run of another store in place of its rows here, whole or not at all. */
    saveRecord: ({ run, points, latest, events, artefacts, results, annotation: noted }: RunRecord) => {
      database
        .transaction(() => {
          prepare('DELETE FROM run WHERE id = ?').run(run.id);
          prepare(
            'INSERT INTO run (id, experiment, arm, seed, planHash, splitHash, status, createdAt, finishedAt, ' +
              'message, initialWeightsHash) VALUES (@id, @experiment, @arm, @seed, @planHash, @splitHash, ' +
              '@status, @createdAt, @finishedAt, @message, @initialWeightsHash)',
          ).run(run);
          for (const point of points) insertPoint.run(point);
          for (const point of latest) insertLatest.run(point);
          for (const event of events)
            prepare(
              'INSERT INTO event (run, at, kind, message, details) VALUES (@run, @at, @kind, @message, @details)',
            ).run(event);
          for (const artefact of artefacts)
            prepare('INSERT INTO artefact (run, kind, path, sha256) VALUES (?, @kind, @path, @sha256)').run(
              run.id,
              artefact,
            );
          for (const [name, value] of Object.entries(results))
            prepare('INSERT INTO result VALUES (?, ?, ?)').run(run.id, name, JSON.stringify(value));
          if (noted) prepare('INSERT INTO annotation VALUES (?, ?, ?)').run(run.id, noted.note, noted.starred ? 1 : 0);
        })
        .immediate();
      changed({ kind: 'run', id: run.id });
    },
  };
}
