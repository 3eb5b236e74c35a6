import type { CheckedInput } from '../../../src-shared/api.ts';
import type { RunMatches, RunScale, TriedFace, TriedPicture } from '../../../src-shared/answers/trialAnswers.ts';
import { usableRates } from '../../../src-shared/samePerson.ts';
import { startEmbedder } from '../../evaluate/embedder/startEmbedder.ts';
import type { Store } from '../../store/store.ts';
import { embeddingSpace, readUnits } from '../results/embeddingSpace.ts';
import { keptPictures } from './keptPictures.ts';
import {
  dataAddress,
  facePng,
  lookedFaces,
  lookWith,
  pictureSize,
  type LookedFace,
  type SeenFace,
} from './lookedFaces.ts';
import { occludedCosines, type OcclusionRow } from './occludedCosines.ts';
import { pairScale } from './pairScale.ts';
import { nearestPeople, peopleOfRun, type PeopleOfRun } from './peopleOfRun.ts';
import { rememberFew } from './rememberFew.ts';
import { restingFinder } from './restingFinder.ts';
import { trialPeople } from './trialPeople.ts';
import { trialRun, type TrialRun } from './trialRun.ts';

const nearestShown = 5;

/**
 * Where finished runs are tried on pictures of a screen. It lives in a thread, and finds and embeds faces in processes
 * of their own. It embeds on the CPU: a training that is under way keeps the card to itself.
 */
export function trialRoom(store: Store) {
  const pictures = keptPictures();
  const faces = lookedFaces();
  const tools = { finder: restingFinder(), embedder: startEmbedder({ engine: 'cpu' }) };
  const people = trialPeople(store.workspace, { ...tools, faceOf: faces.face, bytesOf: pictures.bytes });
  const runs = rememberFew<TrialRun>(3);
  const galleries = rememberFew<PeopleOfRun>(2);
  const scales = rememberFew<RunScale>(8);

  const runOf = (id: string) => runs.of(`${id} ${store.run(id)?.finishedAt ?? ''}`, () => trialRun(store, id));
  const galleryOf = (run: TrialRun) =>
    galleries.of(run.model.key, () => {
      const { rows, frames } = embeddingSpace(store, run.id, 'end');
      return peopleOfRun(rows, readUnits(frames[0]!.path, rows.length));
    });
  /** A face as a run sees it; computed where only another run has seen it. */
  const seenBy = async (face: LookedFace, run: TrialRun): Promise<SeenFace> => {
    const known = face.seen.get(run.model.key);
    if (known) return known;
    const { aligned, located } = face;
    const bytes = pictures.bytes(face.picture);
    const [found] = await lookWith(run, { bytes, aligned, landmarks: located.landmarks }, tools);
    face.seen.set(run.model.key, found!.seen);
    return found!.seen;
  };

  return {
    send(part: CheckedInput<'try.send'>): null {
      pictures.take(part);
      return null;
    },

    async look({ picture, runs: ids, aligned }: CheckedInput<'try.look'>): Promise<TriedPicture> {
      const bytes = pictures.bytes(picture);
      const { width, height } = await pictureSize(bytes);
      const looking = ids.map(runOf);
      const first = looking[0]!;
      const found = await lookWith(first, { bytes, aligned }, tools);
      const shown: TriedFace[] = [];
      for (const { located, seen } of found) {
        const face = faces.keep({ picture, aligned, located, seen: new Map([[first.model.key, seen]]) });
        const images: string[] = [];
        for (const run of looking) images.push(dataAddress(await facePng((await seenBy(face, run)).pixels)));
        shown.push({ id: face.id, box: located.box, landmarks: located.landmarks, aligned: images });
      }
      return { width, height, faces: shown };
    },

    async compare({ runs: ids, first, second }: CheckedInput<'try.compare'>): Promise<readonly number[]> {
      const one = faces.face(first);
      const other = faces.face(second);
      const cosines: number[] = [];
      for (const run of ids.map(runOf)) {
        const { unit: a } = await seenBy(one, run);
        const { unit: b } = await seenBy(other, run);
        cosines.push(a.reduce((sum, value, column) => sum + value * b[column]!, 0));
      }
      return cosines;
    },

    async identify({ runs: ids, face: id }: CheckedInput<'try.identify'>): Promise<readonly RunMatches[]> {
      const face = faces.face(id);
      const { source } = face.located;
      const own = source.kind === 'prepared' ? source.index : null;
      const answers: RunMatches[] = [];
      for (const run of ids.map(runOf)) {
        const { unit } = await seenBy(face, run);
        const gallery = galleryOf(run);
        const enrolled = await people.matches(unit, run);
        answers.push({
          run: run.id,
          prepared: run.set?.hash ?? null,
          people: gallery.people.size + enrolled.length,
          nearest: nearestPeople(unit, gallery, { own, enrolled, count: nearestShown }),
        });
      }
      return answers;
    },

    scale({ run: id }: CheckedInput<'try.scale'>): RunScale {
      const run = runOf(id);
      return scales.of(run.model.key, () => scaleOf(run, galleryOf(run)));
    },

    /** One row of the map of a pair: the cosines with parts of one face covered. */
    async occlude(row: OcclusionRow): Promise<readonly number[]> {
      const run = runOf(row.run);
      const one = await seenBy(faces.face(row.face), run);
      const other = await seenBy(faces.face(row.other), run);
      return await occludedCosines(row, { one, other, model: run.model, embedder: tools.embedder });
    },

    people,
  };
}
export type TrialRoom = ReturnType<typeof trialRoom>;

/** The cosines of a run's held-out pictures, or of all that it was judged on where none are held out. */
function scaleOf(run: TrialRun, { rows, units, size }: PeopleOfRun): RunScale {
  const every = rows.map((_, row) => row);
  const heldOut = every.filter((row) => rows[row]!.part === 'query' || rows[row]!.part === 'distractors');
  const of = heldOut.length > 1 ? 'held-out' : 'test';
  const chosen = of === 'held-out' ? heldOut : every;
  const values = new Float32Array(chosen.length * size);
  chosen.forEach((row, at) => values.set(units.subarray(row * size, (row + 1) * size), at * size));
  const identities = chosen.map((row) => rows[row]!.identity);
  return {
    run: run.id,
    of,
    ...pairScale({ units: values, size, identities }),
    rates: usableRates(run.rates).map(({ falsePositiveRate, truePositiveRate, threshold }) => ({
      falsePositiveRate,
      truePositiveRate,
      threshold,
    })),
  };
}
