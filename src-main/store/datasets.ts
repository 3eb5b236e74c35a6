import type Database from 'better-sqlite3';
import type { StoredPaths } from '../files/storedPaths.ts';

export interface DatasetRow {
  readonly hash: string;
  readonly source: string;
  readonly layout: string;
  readonly images: number;
  readonly people: number;
  readonly rejected: readonly { readonly path: string; readonly reason: string }[];
  /**
   * The data section of the plan, its source absolute, and the time of the import; null in rows of the first version.
   */
  readonly data: unknown;
  readonly importedAt: string | null;
  /** Whether the detector has looked for faces in its pictures. */
  readonly facesFound: boolean;
  /** What was changed by hand, as datasetEdits.ts writes it; null if nothing was. */
  readonly edits: string | null;
  /** The steps that can be undone, the latest last, as JSON; null if there are none. */
  readonly undo: string | null;
  /** The steps that were undone and can be done again, in the same way. */
  readonly redo: string | null;
}
/**
 * What was read of a picture while its file was in this state: size in bytes, times in milliseconds, number in the file
 * system. `contentHash` is the SHA-256 of the file.
 */
export interface PictureRow {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
  readonly changed: number;
  readonly inode: number;
  readonly width: number;
  readonly height: number;
  readonly contentHash: string;
}
interface StoredDataset extends Omit<DatasetRow, 'rejected' | 'data' | 'facesFound'> {
  readonly facesFound: number;
  readonly rejected: string;
  readonly data: string | null;
}

const hasSource = (data: unknown): data is { readonly source: string } =>
  typeof data === 'object' && data !== null && 'source' in data && typeof data.source === 'string';

/** The tables of datasets and splits. Paths below the workspace are kept relative to it. */
export function datasetTables(
  database: Database.Database,
  {
    paths,
    located,
    changed,
  }: {
    readonly paths: StoredPaths;
    readonly located: (path: string) => string;
    readonly changed: () => void;
  },
) {
  const read = (row: StoredDataset): DatasetRow => ({
    ...row,
    source: now(row.source),
    rejected: JSON.parse(row.rejected) as DatasetRow['rejected'],
    data: openedData(row.data),
    facesFound: row.facesFound === 1,
  });
  const now = (path: string): string => (path === 'demo' ? path : located(paths.opened(path)));
  const openedData = (text: string | null): unknown => {
    const data: unknown = text === null ? null : JSON.parse(text);
    return hasSource(data) ? { ...data, source: now(data.source) } : data;
  };
  const storedData = (data: unknown): unknown =>
    hasSource(data) && data.source !== 'demo' ? { ...data, source: paths.stored(data.source) } : data;
  const savePicture = database.prepare(
    'INSERT OR REPLACE INTO picture (path, bytes, modified, changed, inode, width, height, contentHash) VALUES ' +
      '(@path, @bytes, @modified, @changed, @inode, @width, @height, @contentHash)',
  );
  const savePictures = database.transaction((pictures: readonly PictureRow[]) => {
    for (const picture of pictures) savePicture.run(picture);
  });
  const readPicture = database.prepare('SELECT * FROM picture WHERE path = ?');
  return {
    picture: (path: string): PictureRow | null => (readPicture.get(path) as PictureRow | undefined) ?? null,
    savePictures: (pictures: readonly PictureRow[]) => {
      savePictures.immediate(pictures);
    },
    /** Keeps a dataset, in place of one that was imported by the same section when its faces were others. */
    saveDataset: (dataset: Omit<DatasetRow, 'importedAt' | 'facesFound' | 'edits' | 'undo' | 'redo'>) => {
      const imported = JSON.stringify(dataset.data);
      let facesFound = 0; // faces of pictures that are still there are known
      let changes: Pick<StoredDataset, 'edits' | 'undo' | 'redo'> = { edits: null, undo: null, redo: null };
      for (const row of database
        .prepare('SELECT hash, data, facesFound, edits, undo, redo FROM dataset')
        .all() as StoredDataset[]) {
        if (row.hash === dataset.hash || JSON.stringify(openedData(row.data)) !== imported) continue;
        facesFound = Math.max(facesFound, row.facesFound);
        if (row.edits !== null || row.undo !== null || row.redo !== null) changes = row;
        database.prepare('DELETE FROM dataset WHERE hash = ?').run(row.hash);
      }
      database
        .prepare(
          'INSERT INTO dataset ' +
            '(hash, source, layout, images, people, rejected, data, importedAt, facesFound, ' +
            'edits, undo, redo) VALUES (@hash, @source, @layout, @images, @people, @rejected, @data, @importedAt, ' +
            '@facesFound, @edits, @undo, @redo) ' +
            'ON CONFLICT (hash) DO UPDATE SET source = @source, images = @images, people = @people, ' +
            'rejected = @rejected, data = @data, ' +
            'importedAt = coalesce(importedAt, @importedAt), facesFound = max(facesFound, @facesFound), ' +
            'edits = coalesce(@edits, edits), undo = coalesce(@undo, undo), redo = coalesce(@redo, redo)',
        )
        .run({
          ...dataset,
          source: paths.stored(dataset.source),
          rejected: JSON.stringify(dataset.rejected),
          data: JSON.stringify(storedData(dataset.data)),
          importedAt: new Date().toISOString(),
          facesFound,
          edits: changes.edits,
          undo: changes.undo,
          redo: changes.redo,
        });
      changed();
    },
    /** Keeps what was changed by hand in a dataset, and how many pictures and people it then has. */
    saveDatasetEdits: (dataset: Pick<DatasetRow, 'hash' | 'edits' | 'undo' | 'redo' | 'images' | 'people'>) => {
      database
        .prepare(
          'UPDATE dataset SET edits = @edits, undo = @undo, redo = @redo, images = @images, people = @people ' +
            'WHERE hash = @hash',
        )
        .run(dataset);
      changed();
    },
    datasets: (): DatasetRow[] =>
      (database.prepare('SELECT * FROM dataset ORDER BY importedAt DESC, hash').all() as StoredDataset[]).map(read),
    dataset: (hash: string): DatasetRow | null => {
      const row = database.prepare('SELECT * FROM dataset WHERE hash = ?').get(hash) as StoredDataset | undefined;
      return row ? read(row) : null;
    },
    markFacesFound: (hash: string) => {
      database.prepare('UPDATE dataset SET facesFound = 1 WHERE hash = ?').run(hash);
      changed();
    },
    deleteDataset: (hash: string) => {
      database.prepare('DELETE FROM dataset WHERE hash = ?').run(hash);
      changed();
    },
    /** The split whose hash begins with these characters. */
    split: (beginning: string): { readonly hash: string; readonly manifestHash: string } | null =>
      (database
        .prepare('SELECT hash, manifestHash FROM split WHERE substr(hash, 1, ?) = ?')
        .get(beginning.length, beginning) as { hash: string; manifestHash: string } | undefined) ?? null,
    saveSplit: (split: {
      hash: string;
      seed: number;
      rule: unknown;
      folder: string;
      manifestHash: string;
      audit: unknown;
    }) => {
      database
        .prepare(
          'INSERT INTO split VALUES (@hash, @seed, @rule, @folder, @manifestHash, @audit) ON CONFLICT (hash) ' +
            'DO UPDATE SET rule = @rule, folder = @folder, manifestHash = @manifestHash, audit = @audit',
        )
        .run({
          ...split,
          folder: paths.stored(split.folder),
          rule: JSON.stringify(split.rule),
          audit: JSON.stringify(split.audit),
        });
    },
  };
}
