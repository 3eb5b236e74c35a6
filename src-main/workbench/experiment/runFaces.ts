import { z } from 'zod';
import type { RunData } from '../../../src-shared/answers/runAnswers.ts';
import type { Store } from '../../store/store.ts';
import { countPeople } from './countPeople.ts';
import { editedList } from './editedList.ts';
import type { TrainingStage } from './trainingStage.ts';

/** Runs of older versions kept the prepared set only. */
const runFacesSchema = z.object({
  prepared: z.string(),
  dataset: z.string().optional(),
  /** The name of the dataset's list, where it is not the hash: something was excluded or renamed by hand. */
  list: z.string().optional(),
  images: z.number().optional(),
  people: z.number().optional(),
});
/** The faces that a run saw: the hashes of their prepared set and dataset, and how many they are. */
export type RunFaces = z.infer<typeof runFacesSchema>;

/** What a run keeps of the faces that it saw. */
export const runFacesOf = ({ dataset, set }: Pick<TrainingStage['faces'], 'dataset' | 'set'>): RunFaces => ({
  prepared: set.hash,
  ...(dataset && { dataset: dataset.hash, ...(dataset.base && { list: editedList(dataset) }) }),
  images: set.count,
  people: countPeople(set.images),
});

/** The faces that a run saw; null if it keeps none. */
export const readRunFaces = (store: Pick<Store, 'result'>, run: string): RunFaces | null =>
  runFacesSchema.safeParse(store.result(run, 'faces')).data ?? null;

/** How lists show the data of a run: the hash of the dataset, or of an older run that of its prepared set. */
export function runDataOf(store: Pick<Store, 'result'>, run: string): RunData | null {
  const faces = readRunFaces(store, run);
  if (faces === null) return null;
  const { dataset, prepared, images = null, people = null } = faces;
  return { hash: dataset ?? prepared, images, people };
}
