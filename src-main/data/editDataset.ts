import { relative, sep } from 'node:path';
import type { DatasetEdits } from '../../src-shared/datasetEdits.ts';
import { contentOf, sortedImages, type Dataset, type FaceImage } from './dataset.ts';

/** A picture of a dataset as imported, with what was changed by hand. */
export interface EditedPicture {
  /** The picture under the name that its person has now. */
  readonly image: FaceImage;
  /** The name that the source gives its person. */
  readonly importedAs: string;
  /** Whether it was excluded itself, or with its person; null if it is used. */
  readonly excluded: 'picture' | 'person' | null;
  readonly tags: readonly string[];
  /** The tags of its person. */
  readonly personTags: readonly string[];
}

/** The key of a picture in edits: its path in the source. */
export const pictureKey = ({ source }: Pick<Dataset, 'source'>, { path }: Pick<FaceImage, 'path'>): string =>
  path.startsWith(`${source}${sep}`) ? path.slice(source.length + 1) : relative(source, path);

const noTags: readonly string[] = []; // one list for all, as most of a million pictures have none

/** Every picture of an imported dataset with its edits, in the order of the import. */
export function editedPictures(base: Dataset, edits: DatasetEdits): readonly EditedPicture[] {
  const namesMatter = edits.pictures.size > 0;
  return base.images.map((image) => {
    const person = edits.people.get(image.identity);
    const own = namesMatter ? edits.pictures.get(pictureKey(base, image)) : undefined;
    const picture = own?.contentHash === image.contentHash ? own : undefined;
    const identity = person?.name ?? image.identity;
    return {
      image: identity === image.identity ? image : { ...image, identity },
      importedAs: image.identity,
      excluded: exclusionOf(person?.excluded ?? false, picture?.excluded ?? false),
      tags: picture?.tags ?? noTags,
      personTags: person?.tags ?? noTags,
    };
  });
}

function exclusionOf(person: boolean, picture: boolean): EditedPicture['excluded'] {
  if (person) return 'person';
  return picture ? 'picture' : null;
}

/**
 * An imported dataset without the pictures and people that were excluded by hand, and with new names of people. Its
 * hash is that of what is left: content decides. Returns the imported dataset itself where nothing is changed.
 */
export function editDataset(
  base: Dataset,
  edits: DatasetEdits,
  pictures: readonly EditedPicture[] = editedPictures(base, edits),
): Dataset {
  const isChanged = pictures.some(
    ({ excluded, image, importedAs }) => excluded !== null || image.identity !== importedAs,
  );
  if (!isChanged) return base;
  const images = sortedImages(pictures.filter(({ excluded }) => excluded === null).map(({ image }) => image));
  const excluded = sortedImages(pictures.filter((picture) => picture.excluded !== null).map(({ image }) => image));
  return {
    ...base,
    images,
    hash: contentOf(images),
    base,
    ...(excluded.length > 0 && {
      excluded: excluded.map((image) => ({ identity: image.identity, file: pictureKey(base, image) })),
    }),
  };
}
