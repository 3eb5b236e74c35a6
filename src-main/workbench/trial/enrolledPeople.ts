import { randomUUID } from 'node:crypto';
import { access, chmod, copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ArcBenchError } from '../../../src-shared/errors.ts';
import type { PictureRegion } from '../../data/dataset.ts';
import { syncFolder } from '../../files/syncFolder.ts';
import { isLeftover, workspaceFolders } from '../../files/workspaceFolders.ts';
import { writeSynced, writeWholeFolder } from '../../files/writeWhole.ts';
import { ifGone, readFault } from '../../files/readFault.ts';

const mostPeople = 500;
const mostPictures = 50; // of each person
const personFile = 'person.json';
const faceFile = 'face.png';
const idPattern = /^[0-9a-f-]{36}$/;

const region = z.strictObject({ left: z.number(), top: z.number(), width: z.number(), height: z.number() });
const personSchema = z.strictObject({
  name: z.string(),
  enrolledAt: z.string(),
  pictures: z.array(
    z.strictObject({
      file: z.string().regex(/^\d{1,4}$/),
      box: region.nullable(),
      landmarks: z.array(z.number()).length(10).nullable(),
      aligned: z.boolean(),
    }),
  ),
});

/** A person who was enrolled, and the face that is shown. */
export interface Person extends z.infer<typeof personSchema> {
  readonly id: string;
  readonly folder: string;
  readonly face: Buffer;
}
/** A picture of a person: the file as it was sent, and where the face is in it. */
export interface PersonPicture {
  readonly bytes: Uint8Array;
  readonly box: PictureRegion | null;
  readonly landmarks: readonly number[] | null;
  readonly aligned: boolean;
}

/** People who were enrolled in a workspace. Their pictures identify them, so only the owner may open the folders. */
export function enrolledPeople(workspace: string) {
  const folders = workspaceFolders(workspace);
  const area = folders.area('people');
  return {
    /** Everyone, in the order of their enrolment. Who is not whole is left out. */
    async list(): Promise<Person[]> {
      const names = (await readdir(area).catch(ifGone(area, []))).filter((name) => idPattern.test(name));
      const people = await Promise.all(names.map((id) => readPerson(folders.person(id), id)));
      return people.filter((person) => person !== null).toSorted((a, b) => (a.enrolledAt < b.enrolledAt ? -1 : 1));
    },
    /** Enrols a person, or adds pictures to one who is there; whole or not at all. Throws 'wrong-input'. */
    async enrol(
      id: string | null,
      { name, pictures, face }: { readonly name: string; readonly pictures: readonly PersonPicture[]; face: Buffer },
    ): Promise<Person> {
      const everyone = await this.list();
      const before = everyone.find((person) => person.id === id) ?? null;
      if (id !== null && !before) throw new ArcBenchError('wrong-input', `${name} is no longer enrolled: enrol again.`);
      if (!before && everyone.length >= mostPeople)
        throw new ArcBenchError('wrong-input', `${mostPeople} people are enrolled already: delete someone first.`);
      const count = (before?.pictures.length ?? 0) + pictures.length;
      if (count > mostPictures)
        throw new ArcBenchError('wrong-input', `${name} would have ${count} pictures: ${mostPictures} is the most.`);
      const own = before?.id ?? randomUUID();
      const folder = folders.person(own);
      await writeWholeFolder(folder, (temporary) => fill(temporary, { before, name, pictures, face }));
      const person = await readPerson(folder, own);
      if (!person) throw new ArcBenchError('failed', `${name} could not be kept: try again.`);
      return person;
    },
    /** Deletes a person, or everyone, with all files, and what a write that was cut off left of them. */
    async remove(id: string | null): Promise<void> {
      for (const name of await readdir(area).catch(ifGone(area, [])))
        if (id === null ? idPattern.test(name) || isLeftover(name) : name === id || name.startsWith(`${id}.`))
          await rm(join(area, name), { recursive: true, force: true });
      await syncFolder(area);
    },
  };
}

/** Writes the files of a person into an empty folder: those that were there, and the new ones behind them. */
async function fill(
  folder: string,
  {
    before,
    name,
    pictures,
    face,
  }: {
    readonly before: Person | null;
    readonly name: string;
    readonly pictures: readonly PersonPicture[];
    readonly face: Buffer;
  },
): Promise<void> {
  await chmod(folder, 0o700);
  const write = async (file: string, content: string | Uint8Array) => {
    await writeSynced(join(folder, file), content);
    await chmod(join(folder, file), 0o600);
  };
  const old = before?.pictures ?? [];
  for (const { file } of old) {
    await copyFile(join(before!.folder, file), join(folder, file));
    await chmod(join(folder, file), 0o600);
  }
  const added = pictures.map(({ bytes, ...where }, place) => ({ file: String(old.length + place), bytes, where }));
  for (const { file, bytes } of added) await write(file, bytes);
  await write(faceFile, before?.face ?? face);
  const person: z.input<typeof personSchema> = {
    name,
    enrolledAt: before?.enrolledAt ?? new Date().toISOString(),
    pictures: [
      ...old,
      ...added.map(({ file, where: { box, landmarks, aligned } }) => ({
        file,
        box,
        landmarks: landmarks && [...landmarks],
        aligned,
      })),
    ],
  };
  await write(personFile, `${JSON.stringify(person, null, 1)}\n`);
}

/** Null where a file is not whole. */
async function readPerson(folder: string, id: string): Promise<Person | null> {
  try {
    const person = personSchema.parse(JSON.parse(await readFile(join(folder, personFile), 'utf8')));
    for (const { file } of person.pictures) await access(join(folder, file));
    return { ...person, id, folder, face: await readFile(join(folder, faceFile)) };
  } catch (error) {
    const fault = readFault(error, folder);
    if (fault) throw fault;
    return null;
  }
}
