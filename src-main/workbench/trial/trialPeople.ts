import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckedInput } from '../../../src-shared/api.ts';
import type { EnrolledPerson, PersonMatch } from '../../../src-shared/answers/trialAnswers.ts';
import { enrolledPeople, type Person } from './enrolledPeople.ts';
import { dataAddress, facePng, lookWith, type LookedFace, type LookTools } from './lookedFaces.ts';
import type { TrialRun } from './trialRun.ts';

/** Enrolled people as runs see them. Their embeddings are kept in memory only, and forgotten with them. */
export function trialPeople(
  workspace: string,
  {
    faceOf,
    bytesOf,
    ...tools
  }: LookTools & {
    /** A face that was looked at. */
    readonly faceOf: (id: string) => LookedFace;
    /** The file of a picture that was sent. */
    readonly bytesOf: (picture: string) => Buffer;
  },
) {
  const people = enrolledPeople(workspace);
  const sums = new Map<string, Float32Array>(); // of a person's unit embeddings, by person and run

  const sumOf = async (person: Person, run: TrialRun): Promise<Float32Array> => {
    const key = `${person.id} ${person.pictures.length} ${run.model.key}`;
    const known = sums.get(key);
    if (known) return known;
    const sum = new Float32Array(run.model.model.embeddingSize);
    for (const { file, landmarks, aligned } of person.pictures) {
      const bytes = await readFile(join(person.folder, file));
      const [found] = await lookWith(run, { bytes, aligned, landmarks }, tools);
      for (let column = 0; column < sum.length; column++) sum[column]! += found?.seen.unit[column] ?? 0;
    }
    if (existsSync(person.folder)) sums.set(key, sum); // whoever was deleted meanwhile leaves nothing behind
    return sum;
  };

  return {
    /** The cosine of a unit embedding with the mean of each person's embeddings. */
    async matches(unit: Float32Array, run: TrialRun): Promise<readonly PersonMatch[]> {
      const matches: PersonMatch[] = [];
      for (const person of await people.list()) {
        const sum = await sumOf(person, run);
        const product = unit.reduce((total, value, column) => total + value * sum[column]!, 0);
        const cosine = product / (Math.hypot(...sum) || 1);
        matches.push({ name: person.name, cosine, picture: null, enrolled: person.id });
      }
      return matches;
    },

    async list(): Promise<readonly EnrolledPerson[]> {
      return (await people.list()).map(shownPerson);
    },

    async enrol({ id, name, faces: ids }: CheckedInput<'people.enrol'>): Promise<EnrolledPerson> {
      const chosen = ids.map(faceOf);
      const [seen] = chosen.flatMap((face) => [...face.seen.values()]);
      const pictures = chosen.map(({ picture, aligned, located: { box, landmarks } }) => ({
        bytes: bytesOf(picture),
        box,
        landmarks,
        aligned,
      }));
      return shownPerson(await people.enrol(id, { name, face: await facePng(seen!.pixels), pictures }));
    },

    async remove({ id }: CheckedInput<'people.delete'>): Promise<null> {
      await people.remove(id);
      for (const key of sums.keys()) if (id === null || key.startsWith(`${id} `)) sums.delete(key);
      return null;
    },
  };
}

const shownPerson = ({ id, name, pictures, enrolledAt, face }: Person): EnrolledPerson => ({
  id,
  name,
  pictures: pictures.length,
  enrolledAt,
  face: dataAddress(face),
});
