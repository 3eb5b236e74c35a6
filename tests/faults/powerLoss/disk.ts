import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RandomStream } from '../../../src-shared/maths/random.ts';
import type { WriteRecord } from './writeLog.ts';

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly length: number };
interface FileNode {
  readonly kind: 'file';
  durable: Uint8Array;
  pending: Change[];
}
interface NameChange {
  readonly sets: readonly { readonly folder: FolderNode; readonly name: string; readonly node: Node | null }[];
  done: boolean;
}
interface FolderNode {
  readonly kind: 'folder';
  readonly entries: Map<string, Node>;
  readonly durable: Map<string, Node>;
  pending: NameChange[];
}
type Node = FileNode | FolderNode;

/**
 * What a power loss leaves of what was not synced: of bytes nothing or some pages, of names none or the first few
 * changes of each folder.
 */
export interface LossKind {
  readonly bytes: 'dropped' | 'torn';
  readonly names: 'undone' | 'some';
}

const pageBytes = 4096;
const newFolder = (): FolderNode => ({ kind: 'folder', entries: new Map(), durable: new Map(), pending: [] });
const newFile = (durable: Uint8Array = new Uint8Array()): FileNode => ({ kind: 'file', durable, pending: [] });

/**
 * A folder, from a state before, on a disk that keeps for certain what was synced and nothing else: bytes of a file
 * when the file was, names when their folder was. POSIX promises no more; the usual file systems keep more.
 */
export function diskOf(before: string, root: string) {
  const top = load(before);
  const handles = new Map<bigint, Node>();
  const find = (path: string): Node | undefined =>
    path
      .slice(root.length)
      .split('/')
      .filter(Boolean)
      .reduce<Node | undefined>((node, name) => (node?.kind === 'folder' ? node.entries.get(name) : undefined), top);
  const folderOf = (path: string): FolderNode => {
    const found = find(dirname(path));
    if (found?.kind !== 'folder') throw new Error(`${path} was made in a folder that the log does not know.`);
    return found;
  };
  const rename = (changes: readonly (readonly [path: string, node: Node | null])[]) => {
    const change: NameChange = {
      sets: changes.map(([path, node]) => ({ folder: folderOf(path), name: basename(path), node })),
      done: false,
    };
    for (const { folder, name, node } of change.sets) {
      if (node) folder.entries.set(name, node);
      else folder.entries.delete(name);
    }
    for (const folder of new Set(change.sets.map((set) => set.folder))) folder.pending.push(change);
  };
  const fileAt = (node: Node | undefined, path: string): FileNode => {
    if (node?.kind !== 'file') throw new Error(`${path} was written, and the log does not know it as a file.`);
    return node;
  };
  return {
    /** Does what was recorded. Throws where the log cannot be the whole story. */
    apply(record: WriteRecord): void {
      switch (record.kind) {
        case 'open': {
          let node = find(record.path);
          if (!node && record.creates) rename([[record.path, (node = newFile())]]);
          else if (node?.kind === 'file' && record.empties) node.pending.push({ length: 0 });
          if (!node) throw new Error(`${record.path} was opened, and the log does not know it.`);
          handles.set(record.handle, node);
          return;
        }
        case 'write':
          fileAt(handles.get(record.handle), 'A file').pending.push({ offset: record.offset, bytes: record.bytes });
          return;
        case 'truncate':
          fileAt(handles.get(record.handle), 'A file').pending.push({ length: record.length });
          return;
        case 'truncatePath':
          fileAt(find(record.path), record.path).pending.push({ length: record.length });
          return;
        case 'sync': {
          const node = handles.get(record.handle);
          if (node?.kind === 'file') node.durable = changed(node, node.pending);
          else for (const change of node?.pending ?? []) keep(change);
          if (node) node.pending = [];
          return;
        }
        case 'rename':
          rename([
            [record.from, null],
            [record.to, find(record.from) ?? null],
          ]);
          return;
        case 'link':
          rename([[record.to, find(record.from) ?? newFile(readFileSync(record.from))]]);
          return;
        case 'mkdir':
          if (record.path !== root) rename([[record.path, newFolder()]]);
          return;
        case 'unlink':
          rename([[record.path, null]]);
          return;
        case 'unseen':
          throw new Error(`Something was done that the log cannot tell: ${record.path}.`);
      }
    },
    /** Where the folder as it lies there differs from the recorded one, synced or not. */
    differences(): string[] {
      return [...differ(top, root)];
    },
    /**
     * Writes what is left when the power is lost now in place of the folder as it lies there; the disk is used up.
     * Files that a later state of the folder holds with the same bytes are moved out of it, which keeps their times.
     */
    lose({ bytes, names, later }: LossKind & { readonly later: string }, random: RandomStream): void {
      const lost = (file: FileNode): Uint8Array =>
        bytes === 'dropped'
          ? file.durable
          : changed(
              file,
              file.pending.flatMap((change) => tear(change, random)),
            );
      const keepSome = (folder: FolderNode) => {
        if (names === 'some')
          folder.pending.slice(0, Math.floor(random.next() * (folder.pending.length + 1))).forEach(keep);
        for (const node of folder.entries.values()) if (node.kind === 'folder') keepSome(node);
      };
      keepSome(top);
      rmSync(root, { recursive: true, force: true });
      const written = new Map<FileNode, string>();
      const write = (folder: FolderNode, path: string) => {
        mkdirSync(path);
        for (const [name, node] of folder.durable) {
          const at = join(path, name);
          if (node.kind === 'folder') write(node, at);
          else if (written.has(node)) linkSync(written.get(node) as string, at);
          else {
            const content = lost(node);
            const known = join(later, at.slice(root.length));
            if (existsSync(known) && Buffer.compare(readFileSync(known), content) === 0) renameSync(known, at);
            else writeFileSync(at, content);
            written.set(node, at);
          }
        }
      };
      write(top, root);
    },
  };
}

function keep(change: NameChange): void {
  if (change.done) return;
  change.done = true;
  for (const { folder, name, node } of change.sets) {
    if (node) folder.durable.set(name, node);
    else folder.durable.delete(name);
  }
}

function changed(file: FileNode, changes: readonly Change[]): Uint8Array {
  const size = changes.reduce(
    (length, change) => ('length' in change ? change.length : Math.max(length, change.offset + change.bytes.length)),
    file.durable.length,
  );
  const largest = changes.reduce(
    (length, change) => Math.max(length, 'length' in change ? change.length : change.offset + change.bytes.length),
    file.durable.length,
  );
  const bytes = new Uint8Array(largest);
  bytes.set(file.durable);
  for (const change of changes) {
    if ('length' in change) bytes.fill(0, change.length);
    else bytes.set(change.bytes, change.offset);
  }
  return bytes.subarray(0, size);
}

/** The pages of a change that reached the disk before the power was lost: each or not. */
function tear(change: Change, random: RandomStream): Change[] {
  if ('length' in change) return random.next() < 0.5 ? [change] : [];
  const pages: Change[] = [];
  for (let from = 0; from < change.bytes.length;) {
    const to = Math.min(change.bytes.length, from + pageBytes - ((change.offset + from) % pageBytes));
    if (random.next() < 0.5) pages.push({ offset: change.offset + from, bytes: change.bytes.subarray(from, to) });
    from = to;
  }
  return pages;
}

function load(path: string): FolderNode {
  const folder = newFolder();
  for (const entry of existsSync(path) ? readdirSync(path, { withFileTypes: true }) : []) {
    const node = entry.isDirectory() ? load(join(path, entry.name)) : newFile(readFileSync(join(path, entry.name)));
    folder.entries.set(entry.name, node);
    folder.durable.set(entry.name, node);
  }
  return folder;
}

function* differ(folder: FolderNode, path: string): Generator<string> {
  const found = new Map(readdirSync(path, { withFileTypes: true }).map((entry) => [entry.name, entry]));
  for (const name of new Set([...found.keys(), ...folder.entries.keys()])) {
    const node = folder.entries.get(name);
    const entry = found.get(name);
    const at = join(path, name);
    if (!node || !entry || (node.kind === 'folder') !== entry.isDirectory())
      yield `${at} is ${entry ? 'not in the log' : 'in the log alone'}`;
    else if (node.kind === 'folder') yield* differ(node, at);
    else if (!name.endsWith('-shm') && Buffer.compare(readFileSync(at), changed(node, node.pending)) !== 0)
      yield `${at} holds other bytes than the log`;
  }
}
