import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const measured = new Set(['seconds', 'imagesPerSecond']);
const times = new Set(['at', 'createdAt', 'finishedAt', 'importedAt']);
/** What an interruption is meant to leave behind: the word that it was. */
const tellsInterruption = ({ kind, message }: Record<string, unknown>) =>
  (kind === 'notice' && /^Resumed at /.test(String(message))) ||
  (kind === 'failure' && /^The trainer was killed /.test(String(message)));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const unmeasured = (json: string): string =>
  JSON.stringify(JSON.parse(json, (key, value: unknown) => (measured.has(key) ? undefined : value)));

/**
 * All that a workspace holds and that must be the same each time, by what it is: files by SHA-256, rows of the store as
 * text; times, speeds and ids of events apart.
 */
export function workspaceState(workspace: string): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  for (const entry of readdirSync(workspace, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(workspace.length + 1);
    // sums of files that tell speeds, and which are here themselves; points are in the store
    if (!entry.isFile() || /^(arcbench\.db|writer\.)|\/SHA256SUMS$|\/points\.log$/.test(name)) continue;
    const bytes = readFileSync(path);
    if (/checkpoints\/\w+\/manifest\.json$/.test(name)) {
      // Points are in the store by the end; those that a checkpoint holds are the ones that were on their way.
      const { points: _, manifestSha256: __, ...manifest } = JSON.parse(bytes.toString()) as Record<string, unknown>;
      state.set(name, unmeasured(JSON.stringify(manifest)));
    } else if (/prepared\/[0-9a-f]{64}\/index\.json$/.test(name)) {
      state.set(name, sha256(bytes.subarray(bytes.indexOf('\n')))); // the first line is the checksum
    } else if (name.startsWith('reports/') && /\.(md|csv|html)$/.test(name))
      state.set(name, sha256(Buffer.from(withoutSpeed(bytes.toString()))));
    else state.set(name, sha256(bytes));
  }
  for (const [name, text] of storeRows(join(workspace, 'arcbench.db'))) state.set(name, text);
  return state;
}

/** A report's text, page or table without what tells seconds and images a second. */
export const withoutSpeed = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/,imagesPerSecond,/.test(line))
    .map((line) => line.replace(/\| [^|]*\d (s|min|h) \| \d+ \|/, '|'))
    .join('\n')
    .replace(/<td[^>]*>[^<]*\d (s|min|h)<\/td>\n<td[^>]*>\d+<\/td>/g, '')
    .replace(/href="data:[^"]*"/g, ''); // files of the report that are compared themselves

/** The rows of each table of a store, times and speeds apart. */
export const storeRows = (path: string): readonly (readonly [table: string, rows: string])[] => [...tablesOf(path)];

function* tablesOf(path: string): Generator<[string, string]> {
  if (!existsSync(path)) return;
  const database = new Database(path, { readonly: true });
  try {
    const tables = (
      database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all() as { name: string }[]
    ).map(({ name }) => name);
    for (const table of tables) {
      // memories of states of files and of the workspace's place, which are others each time
      if (table === 'picture' || table === 'place') continue;
      const rows = database
        .prepare(table === 'event' ? 'SELECT * FROM event ORDER BY id' : `SELECT * FROM "${table}"`)
        .all() as Record<string, unknown>[];
      const lines = rows
        .filter(
          (row) => (table !== 'event' || !tellsInterruption(row)) && !(table === 'result' && row['name'] === 'digest'),
        )
        .map((row) =>
          JSON.stringify(
            Object.fromEntries(
              Object.entries(row)
                .filter(
                  ([column]) =>
                    !times.has(column) &&
                    !(table === 'event' && column === 'id') &&
                    !(column === 'value' && String(row['name']).endsWith('imagesPerSecond')),
                )
                .map(([column, value]) => [
                  column,
                  table === 'result' && column === 'value' ? unmeasured(String(value)) : value,
                ]),
            ),
          ),
        );
      if (table !== 'event') lines.sort();
      yield [`table ${table}`, lines.join('\n')];
    }
  } finally {
    database.close();
  }
}

/** Where two workspaces differ, each in a line. */
export function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].sort().flatMap((name) => {
    const one = expected.get(name);
    const other = found.get(name);
    if (one === other) return [];
    if (one === undefined || other === undefined)
      return [`${name}: ${one === undefined ? 'not in the reference' : 'missing'}`];
    if (!name.startsWith('table ')) return [`${name}: differs`];
    const before = one.split('\n');
    const after = other.split('\n');
    const lost = before.filter((line) => !after.includes(line));
    const more = after.filter((line) => !before.includes(line));
    return [
      `${name}: ${before.length} rows expected, ${after.length} ` +
        `found${lost[0] ? `; lacks ${lost[0].slice(0, 300)}` : ''}${more[0] ? `; has ${more[0].slice(0, 300)}` : ''}`,
    ];
  });
}
