import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import { resolveInside, type Found } from './importFolders.ts';
import { readTextFile } from '../files/readTextFile.ts';

const identityFile = 'identity_CelebA.txt';
/** The aligned pictures come first: they are what most people have. */
const editions = [
  {
    pictures: [
      'img_align_celeba/img_align_celeba',
      'img_align_celeba',
      'Img/img_align_celeba',
      'img_align_celeba_png',
      'Img/img_align_celeba_png.7z/img_align_celeba_png',
    ],
    landmarks: 'list_landmarks_align_celeba.txt',
  },
  {
    pictures: ['img_celeba/img_celeba', 'img_celeba', 'Img/img_celeba', 'Img/img_celeba.7z/img_celeba'],
    landmarks: 'list_landmarks_celeba.txt',
  },
] as const;

const place = (source: string, name: string) =>
  [name, join('Anno', name)].map((path) => join(source, path)).find(existsSync);

/** Whether a folder holds CelebA's list of people or one of its folders of pictures. */
export const looksLikeCelebA = (source: string): boolean =>
  place(source, identityFile) !== undefined ||
  editions.some(({ pictures }) => pictures.some((name) => existsSync(join(source, name))));

/**
 * Reads CelebA's layout: identity_CelebA.txt and the aligned pictures with list_landmarks_align_celeba.txt, or else the
 * ones
 * in the wild with list_landmarks_celeba.txt. Throws 'wrong-input' where a part of it is missing.
 */
export async function importCelebA(source: string): Promise<Found> {
  const identities = place(source, identityFile);
  if (!identities)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no ${identityFile}, which names CelebA's people: it was expected there or in Anno/; put ` +
        'it there, or choose another data.layout.',
    );
  const edition = editions
    .map((entry) => ({ ...entry, folder: entry.pictures.map((name) => join(source, name)).find(existsSync) }))
    .find((entry) => entry.folder !== undefined);
  if (!edition?.folder)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no folder of CelebA's pictures: img_align_celeba or img_celeba was expected; unpack it there.`,
    );
  const landmarkFile = place(source, edition.landmarks);
  if (!landmarkFile)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no ${edition.landmarks} for the pictures in ${edition.folder}: it was expected beside ` +
        `${identityFile}; put it there.`,
    );
  const realSource = await realpath(source);
  for (const path of [identities, edition.folder, landmarkFile]) {
    const target = await resolveInside(path, realSource);
    const wanted = path === edition.folder ? 'folder' : 'file';
    if ('reason' in target || target.kind !== wanted)
      throw new ArcBenchError(
        'wrong-input',
        `${path} is not taken ` +
          `(${'reason' in target ? target.reason.replace(/\.$/, '') : 'something else bears its name'}): a ` +
          `${wanted} inside ${source} was expected; move it there, or name the folder that holds all of CelebA ` +
          'in data.source.',
      );
  }
  const landmarks = readLandmarks(landmarkFile);
  const found: Found = { images: [], rejected: [] };
  const { folder } = edition;
  const present = new Map<string, string>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink()
      ? await resolveInside(path, realSource)
      : { kind: entry.isFile() ? 'file' : 'other' };
    if ('kind' in target && target.kind === 'file') present.set(entry.name.replace(/\.[^.]*$/, ''), entry.name);
    else if ('reason' in target) found.rejected.push({ path, reason: target.reason });
  }
  const named: { path: string; identity: string; points: readonly number[] }[] = [];
  for (const [index, text] of readTextFile(identities).split('\n').entries()) {
    if (text.trim() === '') continue;
    const [file, identity, ...rest] = text.trim().split(/\s+/);
    const reject = (reason: string) => found.rejected.push({ path: join(folder, file ?? ''), reason });
    if (!file || !identity || rest.length > 0) {
      reject(`Line ${index + 1} of ${identities} is not a file name and an identity: correct it.`);
      continue;
    }
    // The lists name JPEG files; the PNG edition has the same names.
    const key = file.replace(/\.[^.]*$/, '');
    const actual = present.get(key);
    const points = landmarks.get(key);
    if (actual === undefined) {
      reject('The picture is named in identity_CelebA.txt and is not there: unpack the pictures again.');
      continue;
    }
    present.delete(key);
    if (points === undefined) {
      reject(`The picture has no line of ten numbers in ${edition.landmarks}: add its landmarks.`);
      continue;
    }
    named.push({ path: join(folder, actual), identity, points });
  }
  for (const name of present.values())
    if (/\.(jpe?g|png)$/i.test(name))
      found.rejected.push({
        path: join(folder, name),
        reason: `The picture has no line in ${identityFile}: an identity was expected; add it or remove the picture.`,
      });
  const batch = 256;
  for (let first = 0; first < named.length; first += batch) {
    const files = await Promise.all(named.slice(first, first + batch).map(({ path }) => stat(path).catch(() => null)));
    for (const [index, file] of files.entries()) {
      const { path, identity, points } = named[first + index] as (typeof named)[number];
      if (file === null)
        found.rejected.push({
          path,
          reason: 'The picture went away, or its name is not valid UTF-8: unpack the pictures again.',
        });
      else found.images.push({ path, identity, bytes: file.size, modified: file.mtimeMs, landmarks: points });
    }
  }
  return found;
}

/** Ten numbers a picture, by its name without ending; the two lines at the top are a count and a header. */
function readLandmarks(file: string): Map<string, readonly number[]> {
  const result = new Map<string, readonly number[]>();
  for (const line of readTextFile(file).split('\n').slice(2)) {
    const [name, ...texts] = line.trim().split(/\s+/);
    const points = texts.map(Number);
    if (name && points.length === 10 && points.every(Number.isFinite)) result.set(name.replace(/\.[^.]*$/, ''), points);
  }
  return result;
}
