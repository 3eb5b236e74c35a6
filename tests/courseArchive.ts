import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { renderSyntheticFaces } from '../src-main/data/syntheticFaces.ts';

export interface ArchiveSize {
  /** People to train on, with five pictures or more each: the last two are val and test. */
  readonly people: number;
  readonly pictures: number;
  readonly queryPeople: number;
  readonly queryPictures: number;
  readonly distractors: number;
}

/** What a small picture shows of the large one it is cut from. */
export const smallRegion = { left: 44, top: 75, width: 83, height: 100 } as const;
export const trainHalf = 'celebA_train_500';
export const retrievalHalf = 'celebA_ir';

/**
 * Draws people as the demo does, and lays them out as the course's archive: 178 x 218 pictures with lists of people
 * and parts, 83 x 100 pictures of query people and strangers, one large picture that no list names, and the files that
 * macOS leaves behind.
 */
export async function drawCourseArchive(folder: string, size: ArchiveSize): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const workspace = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  const people = size.people + size.queryPeople + size.distractors;
  const imagesPerPerson = Math.max(size.pictures, size.queryPictures);
  const faces = await renderSyntheticFaces({ people, imagesPerPerson, seed: 1 }, { workspace });
  const persons = readdirSync(faces)
    .sort()
    .map((name) => readdirSync(join(faces, name)).map((file) => join(faces, name, file)));
  await drawTrainHalf(join(folder, trainHalf), persons.slice(0, size.people), size.pictures);
  const held = persons.slice(size.people);
  await drawRetrievalHalf(join(folder, retrievalHalf), {
    query: held.slice(0, size.queryPeople).map((files) => files.slice(0, size.queryPictures)),
    distractors: held.slice(size.queryPeople).map(([file]) => file!),
  });
  drawTraces(folder);
  rmSync(workspace, { recursive: true });
}

/** A face as CelebA aligns it: eyes at (69.5, 111.3) and (107.9, 111.3) of 178 x 218 pixels. */
const aligned = (face: string) =>
  sharp({ create: { width: 178, height: 218, channels: 3, background: '#8a8f94' } }).composite([
    { input: face, left: 33, top: 63 },
  ]);

async function writeLarge(face: string, path: string): Promise<void> {
  await aligned(face).jpeg({ quality: 95 }).toFile(path);
}

async function writeSmall(face: string, path: string): Promise<void> {
  const whole = await aligned(face).png().toBuffer();
  await sharp(whole).extract(smallRegion).jpeg({ quality: 95 }).toFile(path);
}

const numbered = (number: number) => `${String(number).padStart(6, '0')}.jpg`;

async function drawTrainHalf(folder: string, persons: readonly string[][], pictures: number): Promise<void> {
  mkdirSync(join(folder, 'celebA_imgs'), { recursive: true });
  const people: string[] = [];
  const parts: string[] = [];
  for (const [person, files] of persons.entries()) {
    for (const [picture, face] of files.slice(0, pictures).entries()) {
      const name = numbered(people.length + 1);
      await writeLarge(face, join(folder, 'celebA_imgs', name));
      people.push(`${name} ${person}`);
      parts.push(`${name} ${Math.max(0, picture - (pictures - 3))}`); // 0 train, 1 val, 2 test
    }
  }
  await writeLarge(persons[0]![0]!, join(folder, 'celebA_imgs', numbered(900_000)));
  writeFileSync(join(folder, 'celebA_anno.txt'), `${people.join('\n')}\n`);
  writeFileSync(join(folder, 'celebA_train_split.txt'), `${parts.join('\n')}\n`);
}

async function drawRetrievalHalf(
  folder: string,
  { query, distractors }: { readonly query: readonly string[][]; readonly distractors: readonly string[] },
): Promise<void> {
  const [queryFolder, strangers] = ['celebA_query', 'celebA_distractors'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  mkdirSync(queryFolder, { recursive: true });
  mkdirSync(strangers);
  const people: string[] = [];
  for (const [person, faces] of query.entries()) {
    for (const face of faces) {
      const name = numbered(500_000 + people.length);
      await writeSmall(face, join(queryFolder, name));
      people.push(`${name},${person}`); // the numbers of people in training, who are others
    }
  }
  for (const [index, face] of distractors.entries()) await writeSmall(face, join(strangers, numbered(700_000 + index)));
  writeFileSync(join(folder, 'celebA_anno_query.csv'), `img,id\n${people.join('\n')}\n`);
}

/** What macOS leaves in folders and in zip files. */
function drawTraces(folder: string): void {
  for (const place of ['.', trainHalf, join(trainHalf, 'celebA_imgs'), join(retrievalHalf, 'celebA_distractors')])
    writeFileSync(join(folder, place, '.DS_Store'), 'Bud1');
  for (const place of [join(trainHalf, 'celebA_imgs'), join(retrievalHalf, 'celebA_query')])
    mkdirSync(join(folder, '__MACOSX', place), { recursive: true });
  for (const file of [join(trainHalf, '._celebA_anno.txt'), join(retrievalHalf, '._celebA_anno_query.csv')])
    writeFileSync(join(folder, '__MACOSX', file), '\0\x05\x16\x07');
}
