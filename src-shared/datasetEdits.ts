import { z } from 'zod';

const tags = z.array(z.string()).readonly().default([]);
const personEdit = z.object({
  /** The person's new name. */
  name: z.string().nullable().default(null),
  excluded: z.boolean().default(false),
  tags,
});
const pictureEdit = z.object({
  /** The SHA-256 of the file that was edited: another file of the same name is another picture. */
  contentHash: z.string(),
  excluded: z.boolean().default(false),
  tags,
});

/**
 * What was changed by hand in a dataset: its name and tags, people by the names that the source gives them, and
 * pictures by their path in the source. The pictures themselves are never changed.
 */
const datasetEditsSchema = z.object({
  name: z.string().nullable().default(null),
  tags,
  people: z
    .array(z.tuple([z.string(), personEdit]))
    .default([])
    .transform((people): ReadonlyMap<string, PersonEdit> => new Map(people)),
  pictures: z
    .array(z.tuple([z.string(), pictureEdit]))
    .default([])
    .transform((pictures): ReadonlyMap<string, PictureEdit> => new Map(pictures)),
});
export type PersonEdit = z.output<typeof personEdit>;
export type PictureEdit = z.output<typeof pictureEdit>;
export type DatasetEdits = z.output<typeof datasetEditsSchema>;

export const noPersonEdit: PersonEdit = personEdit.parse({});

/** Reads edits as the store keeps them; null is none. */
export const readDatasetEdits = (text: string | null): DatasetEdits =>
  datasetEditsSchema.parse(text === null ? {} : JSON.parse(text));

/** The text that readDatasetEdits reads; null where nothing is edited. */
export function datasetEditsText({ name, tags: own, people, pictures }: DatasetEdits): string | null {
  const keptPeople = [...people].filter(([, edit]) => edit.name !== null || edit.excluded || edit.tags.length > 0);
  const keptPictures = [...pictures].filter(([, edit]) => edit.excluded || edit.tags.length > 0);
  if (name === null && own.length + keptPeople.length + keptPictures.length === 0) return null;
  return JSON.stringify({ name, tags: own, people: keptPeople, pictures: keptPictures });
}
