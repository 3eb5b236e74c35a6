import Database from 'better-sqlite3';
import { closeSync, existsSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { experimentSchema, type Plan } from '../../src-shared/experiment.ts';
import { datasetTables } from './datasets.ts';
import { refuseForeign } from '../files/ownPath.ts';
import { relocatedPath, storedPaths } from '../files/storedPaths.ts';
import { makeWorkspaceFolders, workspaceFolders } from '../files/workspaceFolders.ts';
import { first } from './migrations/2026-11-24-first.ts';
import { screens } from './migrations/2026-11-24-screens.ts';
import { pages } from './migrations/2026-11-25-pages.ts';
import { foundFaces } from './migrations/2026-12-01-faces.ts';
import { content } from './migrations/2026-12-01-content.ts';
import { edits } from './migrations/2026-12-01-edits.ts';
import { places } from './migrations/2026-12-01-places.ts';
import { redo } from './migrations/2026-12-01-redo.ts';
import { remarks } from './migrations/2026-12-01-remarks.ts';
import { endInterruptedRuns, interruptedRuns } from './interruptedRuns.ts';
import { runTables } from './runs.ts';
import type { StoreChange } from './storeChange.ts';
import { damagedStore, explainStoreFault, explainingStoreFaults, isMissingColumn } from './storeFault.ts';
import { unmadeWorkspace } from './unmadeWorkspace.ts';
import { lockWorkspace } from './writerLock.ts';

export type { RunRow } from './runs.ts';

const migrations = [first, screens, pages, content, remarks, places, foundFaces, edits, redo] as const;
const applicationId = 0x41524342; // "ARCB"
const longestPath = 511; // bytes of a file's path that SQLite takes on Unix

/** The workspace's SQLite database: datasets, splits, plans and runs. */
export type Store = ReturnType<typeof openStore>;

/**
 * Opens a workspace's store, making and migrating it where needed. Throws 'busy' where another process writes,
 * 'damaged' where the file is no whole database.
 */
export function openStore(
  workspace: string,
  {
    readOnly = false,
    existing = readOnly,
    checked = false,
    shared = false,
    onChange = () => undefined,
    patience = 0,
    onWait = () => undefined,
    timeout = 5000,
  }: {
    readonly readOnly?: boolean;
    /** Whether the workspace must be there already. */ readonly existing?: boolean;
    /** Whether this process has already opened it and found it whole. */ readonly checked?: boolean;
    /** Whether another thread of this process has it open for writing. */ readonly shared?: boolean;
    readonly onChange?: (change: StoreChange) => void;
    /** Milliseconds for which a long action waits while another program has locked the database. */
    readonly patience?: number;
    /** Hears what is waited for. */ readonly onWait?: (sentence: string) => void;
    /** Milliseconds for which SQLite itself waits. */ readonly timeout?: number;
  } = {},
) {
  const path = workspaceFolders(workspace).database;
  refuseLongPath(path);
  if (existing && !existsSync(path))
    throw new ArcBenchError(
      'wrong-input',
      `There is no workspace at ${workspace}: run an experiment first, or name its folder with --workspace.`,
    );
  for (const own of [path, `${path}-wal`, `${path}-shm`]) refuseForeign(own, 'file');
  try {
    if (!readOnly) makeWorkspaceFolders(workspace);
  } catch (error) {
    throw unmadeWorkspace(error, workspace);
  }
  if (readOnly && isOlder(path)) openStore(workspace).close(); // a reader cannot migrate
  const unlock = readOnly || shared ? () => undefined : lockWorkspace(workspace);
  let database: Database.Database;
  try {
    database = openDatabase(path, { readOnly, checked, shared, timeout });
  } catch (error) {
    unlock();
    throw error;
  }
  const openTables = () => {
    try {
      const formerPlaces = placesBefore(database, workspace);
      const located = (path: string) => relocatedPath({ workspace, before: formerPlaces }, path);
      return {
        /** The folders in which this workspace was before it was moved or copied here. */
        formerPlaces: (): readonly string[] => formerPlaces,
        /** Where a path is now: one below a former place of the workspace has moved along. */
        located,
        ...datasetTables(database, {
          paths: storedPaths(workspace),
          located,
          changed: () => onChange({ kind: 'datasets' }),
        }),
        ...runTables(database, workspace, onChange),
      };
    } catch (error) {
      database.close();
      unlock();
      // The version says which tables there are, so a missing column proves that the file has changed.
      throw isMissingColumn(error) ? damagedStore(workspace, error) : explainStoreFault(error, workspace);
    }
  };
  const tables = openTables();
  const methods = {
    ...tables,
    ...(readOnly && !shared ? interruptedRuns(tables, workspace) : {}),
    savePlan: (hash: string, plan: Plan) => {
      database.prepare('INSERT OR IGNORE INTO plan VALUES (?, ?)').run(hash, JSON.stringify(plan));
    },
    plan: (hash: string): Plan | null => {
      const row = database.prepare('SELECT plan FROM plan WHERE hash = ?').get(hash) as { plan: string } | undefined;
      if (!row) return null;
      // Parsing fills in the knobs that came after the plan was stored.
      const stored: unknown = JSON.parse(row.plan);
      return experimentSchema.safeParse(stored).data ?? (stored as Plan);
    },
    /** The whole hash of the plan that begins with these characters; null where none does, or several do. */
    planHashOf: (beginning: string): string | null => {
      const rows = database
        .prepare('SELECT hash FROM plan WHERE substr(hash, 1, ?) = ? LIMIT 2')
        .all(beginning.length, beginning) as { hash: string }[];
      return rows.length === 1 ? (rows[0]?.hash ?? null) : null;
    },
    /** Keeps a remark on a plan's report on some data, the hash of a prepared set. An empty text takes it away. */
    saveRemark: (on: { readonly planHash: string; readonly data: string; readonly section: string }, text: string) => {
      if (text.trim() === '')
        database
          .prepare('DELETE FROM remark WHERE planHash = @planHash AND data = @data AND section = @section')
          .run(on);
      else
        database
          .prepare('INSERT OR REPLACE INTO remark VALUES (@planHash, @data, @section, @text)')
          .run({ ...on, text });
    },
    remarks: (planHash: string, data: string): Record<string, string> =>
      Object.fromEntries(
        (
          database
            .prepare('SELECT section, text FROM remark WHERE planHash = ? AND data = ? ORDER BY section')
            .all(planHash, data) as { section: string; text: string }[]
        ).map(({ section, text }) => [section, text]),
      ),
    /** Does several writes as one: all are kept, or none. */
    atomically: (writes: () => void) => {
      database.transaction(writes).immediate();
    },
    /** What SQLite finds wrong with the file or with references between tables; empty where it is whole. */
    integrityProblems: (): string[] => [
      ...(database.pragma('integrity_check') as { integrity_check: string }[])
        .map((row) => row.integrity_check)
        .filter((text) => text !== 'ok'),
      ...(database.pragma('foreign_key_check') as { table: string; parent: string }[]).map(
        (row) => `a row of ${row.table} names nothing in ${row.parent}`,
      ),
    ],
  };
  return {
    workspace,
    ...explainingStoreFaults(workspace, methods, { patience, onWait, inTransaction: () => database.inTransaction }),
    close: () => {
      database.close();
      unlock();
    },
  };
}

/** Throws 'wrong-input' where SQLite could not open the files beside a database. */
function refuseLongPath(path: string): void {
  const bytes = Buffer.byteLength(`${path}-journal`);
  if (bytes <= longestPath) return;
  throw new ArcBenchError(
    'wrong-input',
    `The workspace ${dirname(path)} has too long a path: SQLite takes ${longestPath} bytes, and the files of its ` +
      `database would have ${bytes}. Choose a shorter one with --workspace.`,
  );
}

/** The folders in which a workspace has been, without the one in which it is. */
const placesBefore = (database: Database.Database, workspace: string): readonly string[] =>
  (database.prepare('SELECT path FROM place').pluck().all() as string[]).filter((path) => path !== resolve(workspace));

function isOlder(path: string): boolean {
  try {
    const database = new Database(path, { readonly: true });
    const version = database.pragma('user_version', { simple: true }) as number;
    database.close();
    return version > 0 && version < migrations.length;
  } catch {
    return false; // opening it says what is wrong
  }
}

function openDatabase(
  path: string,
  {
    readOnly,
    checked,
    shared,
    timeout,
  }: {
    readonly readOnly: boolean;
    readonly checked: boolean;
    readonly shared: boolean;
    readonly timeout: number;
  },
): Database.Database {
  const damaged = () => damagedStore(dirname(path));
  let database: Database.Database | null = null;
  try {
    // Throws before SQLite can make files beside a database that may not be written.
    if (!readOnly && existsSync(path)) closeSync(openSync(path, 'r+'));
    database = new Database(path, { readonly: readOnly, timeout });
    database.pragma('temp_store = MEMORY'); // a full folder for temporary files must not fail a write
    const version = database.pragma('user_version', { simple: true }) as number;
    const application = database.pragma('application_id', { simple: true }) as number;
    if (application !== applicationId && (application !== 0 || version !== 0)) throw damaged();
    if (version > migrations.length)
      throw new ArcBenchError(
        'wrong-input',
        `${path} was made by a newer ArcBench (its version is ${version}, this one knows ` +
          `${migrations.length}): update ArcBench, or choose another workspace.`,
      );
    if (!checked && database.pragma('quick_check', { simple: true }) !== 'ok') throw damaged();
    if (!readOnly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      const open = database;
      database
        .transaction(() => {
          open.pragma(`application_id = ${applicationId}`);
          for (const migration of migrations.slice(version)) open.exec(migration);
          open.pragma(`user_version = ${migrations.length}`);
          if (!shared) endInterruptedRuns(open);
          open.prepare('INSERT OR IGNORE INTO place VALUES (?)').run(resolve(dirname(path)));
        })
        .immediate();
    }
    return database;
  } catch (error) {
    database?.close();
    throw explainStoreFault(error, dirname(path));
  }
}
