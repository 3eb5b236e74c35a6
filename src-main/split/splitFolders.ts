import { createHash, type Hash } from 'node:crypto';
import { link, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { fileState, type FileState } from '../data/fileState.ts';
import type { PreparedSet } from '../data/preparedSet.ts';
import { readRecordPicture, recordPictureOf } from '../data/records/recordPicture.ts';
import { caseless, isPlainName, withoutForbidden } from '../files/plainName.ts';
import { writeSynced, writeWholeFolder } from '../files/writeWhole.ts';
import { ifGone } from '../files/readFault.ts';
import { partNames } from '../../src-shared/splitSchema.ts';
import { reportTexts } from '../../src-shared/reportTexts.ts';
import { splitNoteSentence } from '../../src-shared/splitNotes.ts';
import type { Split } from './makeSplit.ts';
import { valPeople } from './valPeople.ts';
import { resolvedCopies } from './resolvedCopies.ts';

interface ManifestFile {
  readonly part: string;
  readonly identity: string;
  readonly file: string;
  readonly sha256: string;
  readonly landmarks?: readonly number[];
}

/** A picture that was linked, with the state of its file before. A link changes the time at which a file changed. */
export interface LinkedPicture {
  readonly path: string;
  readonly before: FileState;
}

/**
 * Makes the folders train, val, test, query and distractors with one sub-folder for each person, and a manifest with
 * the SHA-256 of each file. The files are hard links, or copies if links are not possible. Written whole or not at all.
 */
export async function writeSplitFolders(
  set: PreparedSet,
  split: Split,
  folder: string,
): Promise<{ folder: string; manifestHash: string; linked: readonly LinkedPicture[] }> {
  const files: ManifestFile[] = [];
  const linked: LinkedPicture[] = [];
  const digest = createHash('sha256');
  const folders = folderNames(set.images.map((image) => image.identity));
  await writeWholeFolder(folder, async (temporary) => {
    for (const part of partNames) {
      const taken = new Set<string>();
      for (const index of split.parts[part]) {
        const image = set.images[index];
        if (!image) continue;
        const file = freeName(image.path, { folder: `${part}/${folders.get(image.identity) ?? ''}`, taken });
        const before = await linkOrCopy(image.path, join(temporary, file));
        if (before) linked.push({ path: image.path, before });
        const { identity, contentHash: sha256, landmarks } = image;
        // With the landmarks, the folders give the same faces when they are imported.
        files.push({ part, identity, file, sha256, ...(landmarks && { landmarks }) });
      }
    }
    await writeSynced(join(temporary, 'manifest.json'), hashed(manifestPieces(set, split, files), digest));
  });
  return { folder, manifestHash: digest.digest('hex'), linked };
}

function* hashed(pieces: Iterable<string>, digest: Hash): Generator<Buffer> {
  for (const text of pieces) {
    const bytes = Buffer.from(text);
    digest.update(bytes);
    yield bytes;
  }
}

const filesInPiece = 1000;

/** The manifest as JSON, indented by a space, in pieces: as one text, that of millions of files would be too long. */
function* manifestPieces(set: PreparedSet, split: Split, files: readonly ManifestFile[]): Generator<string> {
  const empty = JSON.stringify({ ...manifestHead(set, split), files: [] }, null, 1);
  if (files.length === 0) return yield empty;
  const end = empty.length - ']\n}'.length;
  yield empty.slice(0, end);
  for (let first = 0; first < files.length; first += filesInPiece) {
    // The brackets of each piece are left out, but not the line break behind the first.
    const piece = JSON.stringify(files.slice(first, first + filesInPiece), null, 1).slice(1, -'\n]'.length);
    yield `${first === 0 ? '' : ','}${piece.replaceAll('\n', '\n ')}`;
  }
  yield `\n ${empty.slice(end)}`;
}

/** A split says what it did that its rule does not: who gave the parts, what was drawn, what was left out. */
function manifestHead(set: PreparedSet, split: Split) {
  const { seed, rule, hash, givenBy } = split;
  const english = reportTexts('en');
  const notes = split.notes.map((note) => splitNoteSentence(note, english));
  const copies = resolvedCopies(set, split).map(({ kind, people, kept, leftOut }) => ({
    kind,
    people,
    kept: kept.map(({ file }) => file),
    leftOut: leftOut.map(({ file }) => file),
  }));
  const heldForVal = valPeople(set.images, split);
  const said = {
    ...(givenBy !== null && { givenBy }),
    ...(heldForVal.length > 0 && { valPeople: heldForVal }),
    ...(notes.length > 0 && { notes }),
    ...(copies.length > 0 && { copies }),
    ...(set.excluded && { excludedByHand: set.excluded }),
  };
  return { version: 1, seed, rule, hash, ...said };
}

/** A file name of a folder that is not taken yet, from the name of a picture; it is taken afterwards. */
function freeName(path: string, { folder, taken }: { readonly folder: string; readonly taken: Set<string> }): string {
  const ending = extname(path);
  let file = `${folder}/${safeName(basename(path))}`;
  for (let copy = 2; taken.has(caseless(file)); copy++)
    file = `${folder}/${safeName(`${basename(path, ending)}-${copy}${ending}`)}`;
  taken.add(caseless(file));
  return file;
}

/** Gives the state of a file before it was linked; null for a copy. */
async function linkOrCopy(path: string, target: string): Promise<FileState | null> {
  await mkdir(dirname(target), { recursive: true });
  const inRecords = recordPictureOf(path);
  if (inRecords) {
    const read = readRecordPicture(inRecords);
    if ('reason' in read) throw new ArcBenchError('wrong-input', `${path} cannot be copied: ${read.reason}`);
    await writeSynced(target, read.file);
    return null;
  }
  const source = await realpath(path); // a hard link to a relative symbolic link would lead elsewhere
  const found = await stat(source);
  if (!found.isFile())
    throw new ArcBenchError('wrong-input', `${path} is no file any more: put the picture back, and import again.`);
  try {
    await link(source, target);
    return fileState(found);
  } catch {
    await writeSynced(target, await readFile(source));
    return null;
  }
}

/** Names each file of a split that is missing or has changed since, in one sentence. */
export async function verifySplitFolders(folder: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
    files: { file: string; sha256: string }[];
  };
  const problems: string[] = [];
  for (const { file, sha256 } of manifest.files) {
    const content = await readFile(join(folder, file)).catch(ifGone(join(folder, file), null));
    if (!content) problems.push(`${file} is missing.`);
    else if (createHash('sha256').update(content).digest('hex') !== sha256)
      problems.push(`${file} has changed since the split was made.`);
  }
  return problems;
}

/**
 * A folder name for each person. No two people share one, not even on systems that ignore upper and lower case. A name
 * that is valid everywhere is kept.
 */
function folderNames(identities: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const own = [...new Set(identities)];
  for (const identity of [
    ...own.filter((name) => safeName(name) === name),
    ...own.filter((name) => safeName(name) !== name),
  ]) {
    const plain = safeName(identity);
    const name = taken.has(caseless(plain)) ? marked(plain, identity) : plain;
    taken.add(caseless(name));
    names.set(identity, name);
  }
  return names;
}

const longestName = 200; // bytes; file systems allow 255

/** A name that is valid for a file or folder on every system. A name that is valid already stays as it is. */
function safeName(name: string): string {
  const cleaned = withoutForbidden(name);
  return isPlainName(cleaned) && Buffer.byteLength(cleaned) <= longestName ? cleaned : marked(cleaned, name);
}

/** A shortened name with a hash of the original, so that two names never become the same. A file keeps its ending. */
function marked(cleaned: string, name: string): string {
  const ending = /\.\w{1,5}$/.exec(cleaned)?.[0] ?? '';
  const [start = ''] = /^.{0,40}/su.exec(cleaned.slice(0, cleaned.length - ending.length)) ?? [];
  return `${start.replace(/^\.+$/, '')}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}${ending}`;
}
