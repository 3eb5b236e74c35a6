import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArcBenchError } from '../../src-shared/errors.ts';
import type { FoundImage, Rejected } from './dataset.ts';
import { resolveInside, type Found } from './importFolders.ts';
import { readTextFile } from '../files/readTextFile.ts';

const identityFile = 'identity_CelebA.txt';
/** The aligned pictures come first, because most people have those. */
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
const statsAtOnce = 256;

/** The three parts of CelebA that ArcBench reads. */
interface CelebAFiles {
  readonly identities: string;
  readonly folder: string;
  readonly landmarks: string;
  /** The file name of the landmarks, for messages. */
  readonly landmarkName: string;
}

/** A picture that the list names, with everything but the state of its file. */
interface NamedPicture {
  readonly path: string;
  readonly identity: string;
  readonly landmarks: readonly number[];
}

const place = (source: string, name: string) =>
  [name, join('Anno', name)].map((path) => join(source, path)).find(existsSync);
const withoutEnding = (name: string) => name.replace(/\.[^.]*$/, '');

/** Whether a folder holds CelebA's list of people or one of its folders of pictures. */
export const looksLikeCelebA = (source: string): boolean =>
  place(source, identityFile) !== undefined ||
  editions.some(({ pictures }) => pictures.some((name) => existsSync(join(source, name))));

/**
 * Reads CelebA's layout: identity_CelebA.txt with the aligned pictures and list_landmarks_align_celeba.txt, or with the
 * unaligned pictures and list_landmarks_celeba.txt. Throws 'wrong-input' if one of these is missing.
 */
export async function importCelebA(source: string): Promise<Found> {
  const files = celebAFiles(source);
  const realSource = await realpath(source);
  await refuseLinksOutside(files, source, realSource);
  const present = await picturesIn(files.folder, realSource);
  const listed = readIdentities(files, present.names);
  const found = await withFileStates(listed.named);
  return {
    images: found.images,
    rejected: [...present.rejected, ...listed.rejected, ...found.rejected],
  };
}

function celebAFiles(source: string): CelebAFiles {
  const identities = place(source, identityFile);
  if (!identities)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no ${identityFile}, the list of CelebA's people: put it into this folder or into Anno/, or ` +
        'choose another data.layout.',
    );
  const edition = editions
    .map((entry) => ({ ...entry, folder: entry.pictures.map((name) => join(source, name)).find(existsSync) }))
    .find((entry) => entry.folder !== undefined);
  if (!edition?.folder)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no folder of CelebA's pictures: unpack img_align_celeba or img_celeba there.`,
    );
  const landmarks = place(source, edition.landmarks);
  if (!landmarks)
    throw new ArcBenchError(
      'wrong-input',
      `${source} has no ${edition.landmarks} for the pictures in ${edition.folder}: put it beside ${identityFile}.`,
    );
  return { identities, folder: edition.folder, landmarks, landmarkName: edition.landmarks };
}

async function refuseLinksOutside(files: CelebAFiles, source: string, realSource: string): Promise<void> {
  for (const path of [files.identities, files.folder, files.landmarks]) {
    const target = await resolveInside(path, realSource);
    const wanted = path === files.folder ? 'folder' : 'file';
    if ('kind' in target && target.kind === wanted) continue;
    const why = 'reason' in target ? target.reason.replace(/\.$/, '') : `it is not a ${wanted}`;
    throw new ArcBenchError(
      'wrong-input',
      `${path} cannot be used (${why}): a ${wanted} inside ${source} was expected; move it there, or set ` +
        'data.source to the folder that holds all of CelebA.',
    );
  }
}

/** The pictures in a folder: file names by their names without ending. */
async function picturesIn(
  folder: string,
  realSource: string,
): Promise<{ readonly names: Map<string, string>; readonly rejected: Rejected[] }> {
  const names = new Map<string, string>();
  const rejected: Rejected[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink()
      ? await resolveInside(path, realSource)
      : { kind: entry.isFile() ? 'file' : 'other' };
    if ('reason' in target) rejected.push({ path, reason: target.reason });
    else if (target.kind === 'file') names.set(withoutEnding(entry.name), entry.name);
  }
  return { names, rejected };
}

/** Joins the list of people with the pictures and their landmarks. */
function readIdentities(
  files: CelebAFiles,
  present: ReadonlyMap<string, string>,
): { readonly named: readonly NamedPicture[]; readonly rejected: Rejected[] } {
  const { identities, folder, landmarkName } = files;
  const landmarks = readLandmarks(files.landmarks);
  const named: NamedPicture[] = [];
  const rejected: Rejected[] = [];
  const unlisted = new Map(present);
  for (const [index, text] of readTextFile(identities).split('\n').entries()) {
    if (text.trim() === '') continue;
    const [file, identity, ...rest] = text.trim().split(/\s+/);
    const reject = (reason: string) => rejected.push({ path: join(folder, file ?? ''), reason });
    if (!file || !identity || rest.length > 0) {
      reject(`Line ${index + 1} of ${identities} is not a file name and an identity: correct it.`);
      continue;
    }
    // The lists name JPEG files. The PNG edition has the same names with another ending.
    const key = withoutEnding(file);
    const actual = unlisted.get(key);
    if (actual === undefined) {
      reject(`The picture is listed in ${identityFile} but does not exist: unpack the pictures again.`);
      continue;
    }
    unlisted.delete(key);
    const points = landmarks.get(key);
    if (points === undefined) {
      reject(`The picture has no line of ten numbers in ${landmarkName}: add its landmarks.`);
      continue;
    }
    named.push({ path: join(folder, actual), identity, landmarks: points });
  }
  for (const name of unlisted.values())
    if (/\.(jpe?g|png)$/i.test(name))
      rejected.push({
        path: join(folder, name),
        reason: `The picture has no line in ${identityFile}: add its person to the list, or remove the picture.`,
      });
  return { named, rejected };
}

async function withFileStates(
  named: readonly NamedPicture[],
): Promise<{ readonly images: FoundImage[]; readonly rejected: Rejected[] }> {
  const images: FoundImage[] = [];
  const rejected: Rejected[] = [];
  for (let first = 0; first < named.length; first += statsAtOnce) {
    const batch = named.slice(first, first + statsAtOnce);
    const files = await Promise.all(batch.map(({ path }) => stat(path).catch(() => null)));
    for (const [index, picture] of batch.entries()) {
      const file = files[index];
      if (file) images.push({ ...picture, bytes: file.size, modified: file.mtimeMs });
      else
        rejected.push({
          path: picture.path,
          reason:
            'The picture was removed during the import, or its name is not valid UTF-8: unpack the pictures again.',
        });
    }
  }
  return { images, rejected };
}

/** Ten numbers for each picture, by its name without ending. The first two lines are a count and a header. */
function readLandmarks(file: string): Map<string, readonly number[]> {
  const result = new Map<string, readonly number[]>();
  for (const line of readTextFile(file).split('\n').slice(2)) {
    const [name, ...texts] = line.trim().split(/\s+/);
    const points = texts.map(Number);
    if (name && points.length === 10 && points.every(Number.isFinite)) result.set(withoutEnding(name), points);
  }
  return result;
}
