import { createHash } from 'node:crypto';
import { link, mkdir, readFile, realpath } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { PreparedSet } from '../data/preparedSet.ts';
import { writeSynced, writeWholeFolder } from '../files/writeWhole.ts';
import { partNames } from '../../src-shared/experiment.ts';
import { printable } from '../../src-shared/printable.ts';
import type { Split } from './makeSplit.ts';

/**
 * Makes the folders train, val, test, query and distractors with one sub-folder an identity, as hard links or else
 * copies, and a manifest with the SHA-256 of each file; whole or not at all.
 */
export async function writeSplitFolders(
  set: PreparedSet,
  split: Split,
  folder: string,
): Promise<{ folder: string; manifestHash: string }> {
  const files: { part: string; identity: string; file: string; sha256: string }[] = [];
  let manifest = '';
  const folders = folderNames(set.images.map((image) => image.identity));
  await writeWholeFolder(folder, async (temporary) => {
    for (const part of partNames) {
      const taken = new Set<string>();
      for (const index of split.parts[part]) {
        const image = set.images[index];
        if (!image) continue;
        const identityFolder = folders.get(image.identity) ?? '';
        let name = safeName(basename(image.path));
        for (let copy = 2; taken.has(`${identityFolder}/${name}`); copy++)
          name = safeName(`${basename(image.path, extname(image.path))}-${copy}${extname(image.path)}`);
        taken.add(`${identityFolder}/${name}`);
        const target = join(temporary, part, identityFolder, name);
        await mkdir(join(target, '..'), { recursive: true });
        const source = await realpath(image.path); // a link to a symbolic link would lead elsewhere from here
        await link(source, target).catch(async () => writeSynced(target, await readFile(source)));
        files.push({
          part,
          identity: image.identity,
          file: `${part}/${identityFolder}/${name}`,
          sha256: image.contentHash,
        });
      }
    }
    manifest = JSON.stringify({ version: 1, seed: split.seed, rule: split.rule, hash: split.hash, files }, null, 1);
    await writeSynced(join(temporary, 'manifest.json'), manifest);
  });
  return { folder, manifestHash: createHash('sha256').update(manifest).digest('hex') };
}

/** Files of split folders that are gone or no longer have the hash of the manifest, each in one sentence. */
export async function verifySplitFolders(folder: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
    files: { file: string; sha256: string }[];
  };
  const problems: string[] = [];
  for (const { file, sha256 } of manifest.files) {
    const content = await readFile(join(folder, file)).catch(() => null);
    if (!content) problems.push(`${file} is missing.`);
    else if (createHash('sha256').update(content).digest('hex') !== sha256)
      problems.push(`${file} has changed since the split was made.`);
  }
  return problems;
}

/** A folder's name for each person: no two people share one, on no system, and a name that can be kept is. */
function folderNames(identities: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const own = [...new Set(identities)];
  for (const identity of [
    ...own.filter((name) => safeName(name) === name),
    ...own.filter((name) => safeName(name) !== name),
  ]) {
    const plain = safeName(identity);
    const name = taken.has(plain.toLowerCase()) ? marked(plain, identity) : plain;
    taken.add(name.toLowerCase());
    names.set(identity, name);
  }
  return names;
}

const longestName = 200; // bytes; systems take 255

/** A name that is one folder or file name on every system; others are kept as they are. */
function safeName(name: string): string {
  const cleaned = printable(name).replace(/[/\\:*?"<>|]/g, '_');
  return cleaned === '.' || cleaned === '..' || cleaned === '' || Buffer.byteLength(cleaned) > longestName
    ? marked(cleaned, name)
    : cleaned;
}

/** A name cut to its place, with a mark that tells it from others that look the same; a file keeps its ending. */
function marked(cleaned: string, name: string): string {
  const ending = /\.\w{1,5}$/.exec(cleaned)?.[0] ?? '';
  const [start = ''] = /^.{0,40}/su.exec(cleaned.slice(0, cleaned.length - ending.length)) ?? [];
  return `${start.replace(/^\.+$/, '')}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}${ending}`;
}
